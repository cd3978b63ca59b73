// Asking our routes. Every failure becomes a sentence.
/** @import { Done } from './data.js' */

export const HEADERS = { 'X-Featclass': '1' };
export const LOST = 'the connection to featclass was lost';

/** How Streamlit marks that the page has lost its server. */
export const CONNECTION = 'data-test-connection-state';
/** Tells `back` when the server that was lost is there again. */
export const connection = new EventTarget();
export const isGone = () =>
  (document.querySelector('.stApp')?.getAttribute(CONNECTION) ?? 'CONNECTED') !== 'CONNECTED';

/** What the server would not do: trying again would meet it again. */
export class Refused extends Error {}

/** @type {(status: number, body: {error?: string}) => Error} */
export function failure(status, body) {
  const sentence = body.error || `the server answered ${status}`;
  return status === 400 || status === 413 ? new Refused(sentence) : new Error(sentence);
}

/**
 * Sends a request; the answer is what the route says it is.
 * @param {string} url
 * @param {RequestInit & {json?: object}} options `json` becomes the body
 */
export async function ask(url, { json, headers, ...options }) {
  if (json) Object.assign(options, { body: JSON.stringify(json) });
  const all = new Headers({ ...HEADERS, ...headers });
  if (json) all.set('Content-Type', 'application/json');
  const response = await fetch(url, { method: 'POST', ...options, headers: all }).catch(() => {
    throw new Error(LOST);
  });
  const body = await response.json().catch(() => ({})); // not JSON: the status says enough
  if (!response.ok) throw failure(response.status, body);
  return body;
}

/**
 * Does what a person did: see `routes/acts.py`.
 * @param {string} base
 * @param {object} what
 * @returns {Promise<Done>}
 */
export const act = (base, what) => ask(`${base}/act`, { json: what });

/**
 * Fetches an answer; null where there is none.
 * @param {string} url
 */
export async function get(url) {
  try {
    const response = await fetch(url, { headers: HEADERS });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/**
 * Sends a file, and tells how much of it has been sent, which fetch does not.
 * @param {string} url
 * @param {Blob} body
 * @param {object} options
 * @param {Record<string, string>} [options.headers]
 * @param {(loaded: number, total: number) => void} options.sent
 * @param {() => void} options.arrived
 * @param {AbortSignal} [options.signal]
 */
export function send(url, body, { headers = {}, sent, arrived, signal }) {
  return new Promise((yes, no) => {
    const request = new XMLHttpRequest();
    request.open('POST', url);
    for (const [name, value] of Object.entries({ ...HEADERS, ...headers })) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => sent(event.loaded, event.total);
    request.upload.onload = arrived;
    request.onerror = () => no(new Error(LOST));
    request.onabort = () => no(signal?.reason);
    request.onload = () => {
      let body = {};
      try {
        body = JSON.parse(request.responseText);
      } catch { /* the status says enough */ }
      if (request.status === 200) yes(body);
      else no(failure(request.status, body));
    };
    signal?.addEventListener('abort', () => request.abort());
    request.send(body);
  });
}

/** @param {unknown} error */
export const said = (error) => error instanceof Error ? error.message : String(error);
