// Sends files to the server in batches; shared by the labelled sets and "Try it".
// Streamlit's own uploader takes time that grows with the square of the number of files.
const BATCH_FILES = 64, BATCH_BYTES = 24e6, LANES = 4;

async function filesOfEntry(entry, prefix, found) {
  if (entry.isFile) {
    const file = await new Promise((yes, no) => entry.file(yes, no));
    found.push({ path: prefix + file.name, file });
    return;
  }
  const reader = entry.createReader();
  for (let first = true; ; first = false) {
    const entries = await new Promise((yes, no) => reader.readEntries(yes, no));
    if (!entries.length && first) found.push({ path: `${prefix}${entry.name}/`, file: null });   // a class without pictures, perhaps
    if (!entries.length) return;
    for (const inner of entries) await filesOfEntry(inner, prefix + entry.name + '/', found);
  }
}

// Files as {path, file}; folders that hold nothing have no file, and a slash at the end of their path.
// The entries must be taken out of the drop event before the first await: it is emptied after.
async function filesOfDrop(event) {
  const entries = [...event.dataTransfer.items]
    .map(item => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
  const loose = entries.length ? [] : [...event.dataTransfer.files];
  const found = loose.map(file => ({ path: file.name, file }));
  for (const entry of entries) await filesOfEntry(entry, '', found);
  return found;
}

const filesOfInput = input =>
  [...input.files].map(file => ({ path: file.webkitRelativePath || file.name, file }));

const isZip = item => /\.zip$/i.test(item.path) && !item.path.includes('/');

// Other archives and the parts of one: the server says what it is by its first bytes.
const OTHER_ARCHIVE = /\.(7z|rar|tar|t?gz|tbz2?|bz2|t?xz|zst|z\d\d|(zip|7z|rar)\.\d{2,3}|r\d\d|cab|iso|dmg)$/i;
const isArchive = item => OTHER_ARCHIVE.test(item.path) && !item.path.includes('/');
const HEAD = 65536;
const bodyOf = item => OTHER_ARCHIVE.test(item.path) ? item.file.slice(0, HEAD) : item.file;

function batches(items) {
  const made = [];
  let batch = [], bytes = 0;
  for (const item of items) {
    if (batch.length && (batch.length >= BATCH_FILES || bytes + item.file.size > BATCH_BYTES)) {
      made.push(batch); batch = []; bytes = 0;
    }
    batch.push(item); bytes += item.file.size;
  }
  if (batch.length) made.push(batch);
  return made;
}

// All that is sent with one key is one act, to be undone at once.
const newDrop = () => `drop-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
const partOf = drop => ({ 'X-Featclass-Drop': drop });

function sendZip(base, target, item, tell, asked, drop) {
  const name = item.path.split('/').pop();
  return new Promise((yes, no) => {
    const request = new XMLHttpRequest();   // fetch does not tell how much has been sent
    request.open('POST', `${base}/zip?${new URLSearchParams({ set: target, name, ...asked })}`);
    for (const [header, value] of Object.entries({ ...HEADERS, ...partOf(drop) })) request.setRequestHeader(header, value);
    request.upload.onprogress = e => tell(`Sending ${name}`, e.loaded / e.total);
    request.upload.onload = () => tell(`Unpacking ${name}`, 1);
    request.onerror = () => no(new Error('the connection to featclass was lost'));
    request.onload = () => {
      let body = {};
      try { body = JSON.parse(request.responseText); } catch { /* the status says enough */ }
      if (request.status === 200) yes(body);
      else no(Object.assign(new Error(body.error || `the server answered ${request.status}`), { refused: isRefusal(request.status) }));
    };
    request.send(bodyOf(item));
  });
}

// Sends what is asked for by `send`, once more where its folders can be read in two ways and their
// owner has said how; null where it is left.
async function answered(send, how, what) {
  const answer = await send({});
  if (!answer.question) return answer;
  const depth = await how(answer.question, what);
  return depth === null ? null : send({ classes_at: depth });
}

// Small tables that may hold the labels, as many as the server reads.
const TABLE_BYTES = 5e6, MOST_TABLES = 4, PLAN_BYTES = 2e6;
const isTable = item => /\.(csv|tsv)$/i.test(item.path);

function tablesOf(items) {
  const small = items.filter(item => isTable(item) && item.file.size <= TABLE_BYTES);
  const depth = ({ path }) => path.split('/').length;
  return small.sort((a, b) => depth(a) - depth(b)).slice(0, MOST_TABLES);
}

// Asks where each path of a drop belongs; tables of labels go along as they are.
function askForPlan(base, asked, tables, drop) {
  const plan = new Blob([JSON.stringify(asked)], { type: 'application/json' });
  if (plan.size > PLAN_BYTES) {
    throw Object.assign(new Error(`${plural(asked.paths.length, 'file is', 'files are')} too many for one drop: drop a part of them, or a zip`), { refused: true });
  }
  if (!tables.length) return ask(`${base}/plan`, { headers: { ...JSON_BODY, ...partOf(drop) }, body: plan });
  const form = new FormData();
  form.append('plan', plan);
  for (const { path, file } of tables) form.append('table', file, encodeURIComponent(path));
  return ask(`${base}/plan/form`, { headers: partOf(drop), body: form });
}

const folderOf = items => items[0].path.includes('/') ? items[0].path.split('/')[0] : plural(items.length, 'file', 'files');

// target: a set's id, 'try', or 'new'. tell(text, share) shows progress. how(question, what) asks
// which folders are the classes: resolves to their depth, or to null where it is left. burst: key of
// the recording that all of them are frames of.
// Resolves to {added, copies, rejected, sets, notes, names, left, error}: `left` are drops that were
// left when it was asked, `names` how the names in zips were read.
async function upload(base, target, items, tell, { how = async () => null, burst = null } = {}) {
  const drop = burst || newDrop();
  const sum = { added: 0, copies: 0, opposed: 0, rejected: 0, sets: [], notes: [], names: [], left: [], error: '', isRefused: false };
  const count = answer => {
    for (const key of ['added', 'copies', 'opposed', 'rejected']) sum[key] += answer[key] || 0;
    for (const name of answer.sets || []) if (!sum.sets.includes(name)) sum.sets.push(name);
    for (const note of answer.notes || []) if (!sum.notes.includes(note)) sum.notes.push(note);
    if (answer.names) sum.names.push(answer.names);
  };
  const zips = items.filter(item => isZip(item) || isArchive(item));
  const sendAll = async (to, group, among) => {
    for (const item of group) {
      try {
        const answer = await answered(asked => sendZip(base, to, item, tell, { ...among, ...asked }, drop), how, item.path);
        if (answer) count(answer); else sum.left.push(item);
      } catch (error) {
        if (!error.refused) throw error;
        sum.notes.push(ended(error.message));   // the others may still be of use
      }
    }
  };
  try {
    await sendAll(target, zips, zips.length > 1 ? { among: zips.length } : {});
    const loose = items.filter(item => item.file && !zips.includes(item));
    const folders = items.filter(item => !item.file).map(item => item.path);
    if (!loose.length) return sum;
    const paths = loose.map(item => item.path), tables = tablesOf(target === 'new' ? loose : []);
    const plan = await answered(asked => askForPlan(base, { set: String(target), paths, folders, ...asked }, tables, drop), how, folderOf(loose));
    if (!plan) { sum.left.push(...loose); return sum; }
    count(plan);
    const unread = target === 'new' && !sum.sets.length ? loose.filter(item => isTable(item) && !tables.includes(item)) : [];
    for (const { path } of unread) sum.notes.push(`${path} was not looked into for labels: the page reads ${MOST_TABLES} tables of up to ${TABLE_BYTES / 1e6} MB. With featclass on the command line there is more room.`);
    await sendAll(target, (plan.zips || []).map(i => loose[i]), { among: plan.zips?.length });
    const groups = new Map();
    loose.forEach((item, i) => {
      const to = plan.targets[i];
      if (to === null) return;
      if (!groups.has(to)) groups.set(to, []);
      groups.get(to).push(item);
    });
    await sendPictures(base, groups, tell, burst, drop, count, sum);
  } catch (error) {
    if (error.refused) sum.notes.push(sentence(error.message)); else sum.error = error.message;
  }
  return sum;
}

async function sendPictures(base, groups, tell, burst, drop, count, sum) {
  const queue = [...groups].flatMap(([to, group]) => batches(group).map(batch => ({ to, batch })));
  const total = [...groups.values()].reduce((n, group) => n + group.length, 0);
  let done = 0;
  const lane = async () => {
    for (let job; !sum.error && (job = queue.shift());) {
      const form = new FormData();
      if (burst) form.append('burst', burst);
      for (const item of job.batch) form.append('picture', bodyOf(item), encodeURIComponent(item.path));
      try {
        count(await ask(`${base}/pictures?set=${job.to}`, { headers: partOf(drop), body: form }));
      } catch (error) { if (!sum.error) Object.assign(sum, { error: error.message, isRefused: Boolean(error.refused) }); }
      done += job.batch.length;
      tell(`${done} of ${total}`, done / total);
    }
  };
  tell(`0 of ${total}`, 0);
  await Promise.all(Array.from({ length: LANES }, lane));
}

const ended = text => text + (/[.!?]$/.test(text) ? '' : '.');   // a file's name at its start stays as it is
const sentence = text => text[0].toUpperCase() + ended(text).slice(1);

// Why not everything arrived, and how to go on where that helps.
const unfinished = (sum, again) => `not everything arrived: ${clause(sum.error)}${sum.isRefused ? '' : `. ${again}`}`;

function summary(sum) {
  const parts = [];
  if (sum.added) parts.push(`added ${plural(sum.added, 'picture', 'pictures')}`);
  if (sum.copies) parts.push(`${sum.copies} already there`);
  if (sum.opposed) parts.push(`${plural(sum.opposed, 'stays', 'stay')} none of these, as you said`);
  if (sum.rejected) parts.push(`${sum.rejected} could not be used`);
  if (sum.error) parts.push(unfinished(sum, 'Drop the files again to go on'));
  if (sum.left.length) parts.push(`${parts.length ? 'the rest was' : 'nothing was added: it was'} left as it is`);
  if (!parts.length && sum.notes.length) return '';
  const text = parts.join(', ') || 'no pictures found there';
  return text[0].toUpperCase() + text.slice(1);
}

const ACCEPT = 'image/*,.heic,.heif,.avif,.tif,.tiff,.pgm,.ppm,.zip';

// Opens the file dialog of the browser; a fresh input each time, so that the same file can be
// chosen twice in a row.
function choose(host, attributes, then) {
  host.querySelectorAll('input.chooser').forEach(old => old.remove());
  const input = make('input', { type: 'file', multiple: true, class: 'chooser', ...attributes });
  input.onchange = () => then(filesOfInput(input));
  host.append(input);
  input.click();
}

// A file dropped beside a zone must not make the browser leave the page for it.
for (const kind of ['dragover', 'drop']) {
  document.addEventListener(kind, event => {
    if ([...(event.dataTransfer?.types || [])].includes('Files')) event.preventDefault();
  });
}

// Marks `zone` while files hover over it, and hands over what is dropped.
function droppable(zone, then) {
  let depth = 0;
  zone.addEventListener('dragenter', e => { e.preventDefault(); e.stopPropagation(); depth++; zone.classList.add('over'); });
  zone.addEventListener('dragover', e => { e.preventDefault(); e.stopPropagation(); });
  zone.addEventListener('dragleave', e => { e.stopPropagation(); if (--depth <= 0) { depth = 0; zone.classList.remove('over'); } });
  zone.addEventListener('drop', async e => {
    e.preventDefault(); e.stopPropagation(); depth = 0; zone.classList.remove('over');
    then(await filesOfDrop(e));
  });
}
