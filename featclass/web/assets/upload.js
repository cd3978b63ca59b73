// Sends files to the server in batches; shared by the labelled sets and "Try it".
// Streamlit's own uploader takes time that grows with the square of the number of files.
import { bodyOf, isArchive, isSent, isZip } from './files.js';
import { ask, Refused, said, send } from './server.js';
import { clause, ended, pictures, plural, sentence } from './wording.js';
/** @import { AddedCounts, Asked, Names, Planned, Question, Unpacked } from './data.js' */
/** @import { Item, Sent } from './files.js' */
/** @typedef {(text: string, share: number | null) => void} Tell shows progress */
/** @typedef {(question: Question, what: string) => Promise<number | null>} How */
/** @typedef {number | null | 'try' | 'new' | string} Target the id of a set, 'try' or 'new' */

const BATCH_FILES = 64, BATCH_BYTES = 24e6, LANES = 4;
// Small tables that may hold the labels, as many as the server reads.
const TABLE_BYTES = 5e6, MOST_TABLES = 4, PLAN_BYTES = 2e6;
const ALL_TABLES = `the page reads ${MOST_TABLES} tables of up to ${TABLE_BYTES / 1e6} MB. ` +
  'With featclass on the command line there is more room.';

/**
 * Files that are sent with one request each time.
 * @param {Sent[]} items
 */
export function batches(items) {
  /** @type {Sent[][]} */
  const made = [];
  let bytes = 0;
  for (const item of items) {
    const last = made.at(-1);
    if (last && last.length < BATCH_FILES && bytes + item.file.size <= BATCH_BYTES) last.push(item);
    else {
      made.push([item]);
      bytes = 0;
    }
    bytes += item.file.size;
  }
  return made;
}

/** @param {Item} item */
const isTable = ({ path }) => /\.(csv|tsv)$/i.test(path);

/**
 * The tables that may hold the labels: the outermost first.
 * @param {Sent[]} items
 */
export function tablesOf(items) {
  const depth = (/** @type {Sent} */ { path }) => path.split('/').length;
  const small = items.filter((item) => isTable(item) && item.file.size <= TABLE_BYTES);
  return small.sort((a, b) => depth(a) - depth(b)).slice(0, MOST_TABLES);
}

/** What came of all that was sent at once, which is one act, to be undone at once. */
export class Sum {
  added = 0;
  copies = 0;
  opposed = 0;
  rejected = 0;
  /** @type {string[]} */
  sets = [];
  /** @type {string[]} */
  notes = [];
  /** @type {Names[]} how the names in zips were read */
  names = [];
  /** @type {Item[]} what was left when it was asked */
  left = [];
  /** @type {Error | null} why not everything arrived */
  error = null;

  /** @param {Partial<AddedCounts & Unpacked>} answer */
  count(answer) {
    this.added += answer.added ?? 0;
    this.copies += answer.copies ?? 0;
    this.opposed += answer.opposed ?? 0;
    this.rejected += answer.rejected ?? 0;
    this.sets = [...new Set([...this.sets, ...answer.sets ?? []])];
    this.notes = [...new Set([...this.notes, ...answer.notes ?? []])];
    if (answer.names) this.names.push(answer.names);
  }

  /** @param {string} again how to go on, where trying again helps */
  unfinished(again) {
    const isRefused = this.error instanceof Refused;
    return `not everything arrived: ${clause(said(this.error))}${isRefused ? '' : `. ${again}`}`;
  }

  /** In a sentence. */
  get text() {
    const parts = [];
    if (this.added) parts.push(`added ${pictures(this.added)}`);
    if (this.copies) parts.push(`${this.copies} already there`);
    if (this.opposed) {
      parts.push(`${plural(this.opposed, 'stays', 'stay')} none of these, as you said`);
    }
    if (this.rejected) parts.push(`${this.rejected} could not be used`);
    if (this.error) parts.push(this.unfinished('Drop the files again to go on'));
    if (this.left.length) {
      parts.push(`${parts.length ? 'the rest was' : 'nothing was added: it was'} left as it is`);
    }
    if (!parts.length && this.notes.length) return '';
    const text = parts.join(', ') || 'no pictures found there';
    return text[0].toUpperCase() + text.slice(1);
  }
}

/** What is sent at once, on its way to the sets. */
class Upload {
  /**
   * @param {string} base
   * @param {Target} target
   * @param {Tell} tell
   * @param {How} how
   * @param {string | null} burst
   */
  constructor(base, target, tell, how, burst) {
    this.base = base;
    this.target = target;
    this.tell = tell;
    this.how = how;
    this.burst = burst;
    this.sum = new Sum();
    const random = Math.random().toString(36).slice(2);
    this.headers = { 'X-Featclass-Drop': burst ?? `drop-${Date.now().toString(36)}-${random}` };
  }

  /** @param {Item[]} items */
  async all(items) {
    const { sum, target } = this, isNew = target === 'new';
    const zips = items.filter(isSent).filter((item) => isZip(item) || isArchive(item));
    await this.zips(zips, zips.length > 1 ? zips.length : undefined);
    const loose = items.filter(isSent).filter((item) => !zips.includes(item));
    if (!loose.length) return;
    const folders = items.filter((item) => !item.file).map((item) => item.path);
    const tables = isNew ? tablesOf(loose) : [];
    const inFolder = loose[0].path.includes('/');
    const what = inFolder ? loose[0].path.split('/')[0] : plural(loose.length, 'file', 'files');
    /** @type {Planned | null} */
    const plan = await this.answered((asked) => this.plan(loose, folders, tables, asked), what);
    if (!plan) {
      sum.left.push(...loose);
      return;
    }
    sum.count(plan);
    const isUnread = (/** @type {Sent} */ item) => isTable(item) && !tables.includes(item);
    for (const { path } of isNew && !sum.sets.length ? loose.filter(isUnread) : []) {
      sum.notes.push(`${path} was not looked into for labels: ${ALL_TABLES}`);
    }
    await this.zips((plan.zips ?? []).map((i) => loose[i]), plan.zips?.length);
    /** @type {Map<Target, Sent[]>} */
    const groups = new Map();
    plan.targets.forEach((to, i) => {
      if (to === null) return;
      if (!groups.has(to)) groups.set(to, []);
      groups.get(to)?.push(loose[i]);
    });
    await this.pictures(groups);
  }

  /**
   * Sends what is asked for by `ask`, once more where its folders can be read in two ways and their
   * owner has said how; null where it is left.
   * @param {(asked: {classes_at?: number}) => Promise<any>} ask
   * @param {string} what
   */
  async answered(ask, what) {
    const answer = await ask({});
    if (!answer.question) return answer;
    const depth = await this.how(/** @type {Asked} */ (answer).question, what);
    return depth === null ? null : ask({ classes_at: depth });
  }

  /**
   * Asks where each path belongs; tables of labels go along as they are.
   * @param {Sent[]} items
   * @param {string[]} folders
   * @param {Sent[]} tables
   * @param {object} asked
   */
  plan(items, folders, tables, asked) {
    const paths = items.map((item) => item.path), type = 'application/json';
    const json = { set: String(this.target), paths, folders, ...asked };
    const plan = new Blob([JSON.stringify(json)], { type });
    if (plan.size > PLAN_BYTES) {
      const files = plural(paths.length, 'file is', 'files are');
      throw new Refused(`${files} too many for one drop: drop a part of them, or a zip`);
    }
    if (!tables.length) {
      const headers = { 'Content-Type': type, ...this.headers };
      return ask(`${this.base}/plan`, { headers, body: plan });
    }
    const body = new FormData();
    body.append('plan', plan);
    for (const { path, file } of tables) body.append('table', file, encodeURIComponent(path));
    return ask(`${this.base}/plan/form`, { headers: this.headers, body });
  }

  /**
   * @param {Sent[]} zips
   * @param {number | undefined} among how many, where each is a set
   */
  async zips(zips, among) {
    for (const item of zips) {
      try {
        const answer = await this.answered(
          (asked) => this.zip(item, { among, ...asked }),
          item.path,
        );
        if (answer) this.sum.count(answer);
        else this.sum.left.push(item);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        this.sum.notes.push(ended(error.message)); // the others may still be of use
      }
    }
  }

  /** @type {(item: Sent, asked: Record<string, number | undefined>) => Promise<any>} */
  zip(item, asked) {
    const name = item.path.split('/').pop() ?? item.path;
    const query = new URLSearchParams({ set: String(this.target), name });
    for (const [key, value] of Object.entries(asked)) {
      if (value !== undefined) query.set(key, String(value));
    }
    return send(`${this.base}/zip?${query}`, bodyOf(item), {
      headers: this.headers,
      sent: (loaded, total) => this.tell(`Sending ${name}`, loaded / total),
      arrived: () => this.tell(`Unpacking ${name}`, 1),
    });
  }

  /** @param {Map<Target, Sent[]>} groups */
  async pictures(groups) {
    const queue = [...groups].flatMap(([to, group]) =>
      batches(group).map((batch) => ({ to, batch }))
    );
    const total = [...groups.values()].flat().length;
    let done = 0;
    const lane = async () => {
      for (let job; !this.sum.error && (job = queue.shift());) {
        const body = new FormData();
        if (this.burst) body.append('burst', this.burst);
        for (const item of job.batch) {
          body.append('picture', bodyOf(item), encodeURIComponent(item.path));
        }
        try {
          const url = `${this.base}/pictures?set=${job.to}`;
          this.sum.count(await ask(url, { headers: this.headers, body }));
        } catch (error) {
          this.sum.error ??= /** @type {Error} */ (error);
        }
        done += job.batch.length;
        this.tell(`${done} of ${total}`, done / total);
      }
    };
    this.tell(`0 of ${total}`, 0);
    await Promise.all(Array.from({ length: LANES }, lane));
  }
}

/**
 * Sends what a person gave, and returns what came of it.
 * @param {string} base
 * @param {Target} target
 * @param {Item[]} items
 * @param {Tell} tell
 * @param {object} [options]
 * @param {How} [options.how] asks which folders are the classes, null where they are left
 * @param {string | null} [options.burst] the key of the recording that all of them are frames of
 */
export async function upload(base, target, items, tell, { how, burst = null } = {}) {
  const uploading = new Upload(base, target, tell, how ?? (() => Promise.resolve(null)), burst);
  try {
    await uploading.all(items);
  } catch (error) {
    if (error instanceof Refused) uploading.sum.notes.push(sentence(error.message));
    else uploading.sum.error = /** @type {Error} */ (error);
  }
  return uploading.sum;
}
