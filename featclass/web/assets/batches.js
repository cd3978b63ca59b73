// A whole zip is sent, or a folder of the server named, to be predicted; the page draws how it goes.
const memory = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  const host = parentElement.querySelector('.batches');
  const state = memory.get(host) ?? { sending: null };
  state.data = data;
  state.redraw = () => setTriggerValue('redraw', Date.now());
  if (!memory.has(host)) { memory.set(host, state); build(host, state); }
  draw(host, data);
}

function build(host, state) {
  const zone = host.querySelector('.zone'), form = host.querySelector('form');
  droppable(zone, items => take(host, state, items));
  zone.querySelector('.pick').onclick = () => choose(host, { accept: '.zip,application/zip' }, items => take(host, state, items));
  zone.querySelector('.halt').onclick = () => state.sending?.abort();
  form.onsubmit = async event => {
    event.preventDefault();
    const input = form.querySelector('input'), button = form.querySelector('button');
    if (!input.value.trim()) { input.focus(); return; }
    button.disabled = true;
    tell(host, 'Looking into the folder');
    try {
      await ask(`${state.data.base}/batches/folder`, { headers: JSON_BODY, body: JSON.stringify({ folder: input.value.trim() }) });
      input.value = ''; tell(host, '');
      state.redraw();
    } catch (error) { tell(host, sentence(error.message)); }
    button.disabled = false;
  };
}

function draw(host, { ready, roots }) {
  host.querySelector('.what').textContent = ready ? 'Drop a zip with any number of pictures'
    : 'Once there are two sets to tell apart, whole zips can be predicted here';
  host.querySelector('.pick').disabled = !ready;
  const form = host.querySelector('form');
  form.hidden = !ready || !roots.length;
  form.querySelector('input').placeholder = roots[0] ?? '';
  form.querySelector('.hint').textContent = `On the server, in ${roots.join(' or ')}`;
}

function tell(host, text, share) {
  host.querySelector('.note').textContent = text;
  const bar = host.querySelector('.bar');
  bar.hidden = share == null;
  bar.setAttribute('aria-valuenow', Math.round(100 * (share || 0)));
  bar.firstChild.style.width = `${Math.round(100 * (share || 0))}%`;
}

async function take(host, state, items) {
  const zips = items.filter(item => isZip(item) || isArchive(item));
  if (!zips.length) { tell(host, 'Drop one zip of pictures here; loose pictures go to “Try it” above.'); return; }
  if (state.sending) { tell(host, 'One zip is being sent already.'); return; }
  for (const item of zips) {
    try { await send(host, state, item); } catch (error) { tell(host, sentence(error.message)); break; }
    state.redraw();
  }
}

function send(host, state, item) {
  const halt = host.querySelector('.halt');
  return new Promise((yes, no) => {
    const request = state.sending = new XMLHttpRequest();   // fetch does not tell how much has been sent
    const end = () => { state.sending = null; halt.hidden = true; };
    request.open('POST', `${state.data.base}/batches/zip?name=${encodeURIComponent(item.path)}`);
    for (const [name, value] of Object.entries(HEADERS)) request.setRequestHeader(name, value);
    request.upload.onprogress = e => tell(host, `Sending ${item.path}: ${megabytes(e.loaded)} of ${megabytes(e.total)} MB`, e.loaded / e.total);
    request.upload.onload = () => { halt.hidden = true; tell(host, `Looking into ${item.path}`, 1); };
    request.onerror = () => { end(); no(new Error('the connection to featclass was lost')); };
    request.onabort = () => { end(); tell(host, `${item.path} was not sent.`); yes(); };
    request.onload = () => {
      end();
      let body = {};
      try { body = JSON.parse(request.responseText); } catch { /* the status says enough */ }
      if (request.status === 200) { tell(host, ''); yes(); }
      else no(new Error(body.error || `the server answered ${request.status}`));
    };
    halt.hidden = false;
    request.send(bodyOf(item));
  });
}

const megabytes = bytes => (bytes / 1e6).toLocaleString('en', { maximumFractionDigits: bytes < 1e7 ? 1 : 0 });
