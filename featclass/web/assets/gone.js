// Says that the server does not answer, in place of Streamlit, and has the page drawn anew when it is
// back: what was typed meanwhile is sent with that. A page that Streamlit gave up is loaded again.
import { Component, mounting } from './component.js';
import { find } from './dom.js';
import { CONNECTION, connection, isGone } from './server.js';

const BEFORE_SAID = 800, AGAIN = 1000, PATIENCE = 15_000; // milliseconds
const GIVEN_UP = 'DISCONNECTED_FOREVER', RELOADED = 'featclass-reloaded', SELDOM = 30_000;
const PINGS = /\/_stcore\/(health|host-config)$/;
const LOCAL = ['localhost', '127.0.0.1', '[::1]'];

/** @extends {Component<null>} */
class Gone extends Component {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  timer = undefined;
  observer = new MutationObserver(() => this.look());

  listen() {
    this.observer.observe(find(document, '.stApp'), { attributeFilter: [CONNECTION] });
    bePatient();
  }

  leave() {
    this.observer.disconnect();
    clearTimeout(this.timer);
  }

  look() {
    if (find(document, '.stApp').getAttribute(CONNECTION) === GIVEN_UP) reload();
    if (isGone()) {
      this.timer ||= setTimeout(() => this.say(), BEFORE_SAID);
      return;
    }
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.host.hidden = true;
    connection.dispatchEvent(new Event('back'));
    this.redraw();
  }

  say() {
    const isLocal = LOCAL.includes(location.hostname);
    const remedy = isLocal ? ' If it was closed, start it again: featclass app.' : '';
    this.host.textContent =
      `featclass does not answer. What you type is kept, and sent when it is back.${remedy}`;
    this.host.hidden = false;
  }
}

/**
 * After a message that it cannot make sense of (a reference to one that it has just dropped, say)
 * Streamlit's page closes its connection for good. Seldom enough not to go round in a circle.
 */
function reload() {
  if (Date.now() - Number(sessionStorage.getItem(RELOADED)) < SELDOM) return;
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
}

let isPatient = false;

/**
 * Streamlit pings a server that it has lost, and after a few failures lays a dialog over the page,
 * which asks about the internet, closes menus and takes the focus from what is being typed. So that
 * there is no failure, its ping is answered when the server is there again.
 */
function bePatient() {
  if (isPatient) return;
  isPatient = true;
  const ask = globalThis.fetch.bind(globalThis);
  globalThis.fetch = (url, options) =>
    PINGS.test(String(url)) && isGone() ? patiently(ask, url, options) : ask(url, options);
}

/** @type {(ask: typeof fetch, url: RequestInfo | URL, options?: RequestInit) => Promise<Response>} */
async function patiently(ask, url, options) {
  for (;;) {
    try {
      const response = await ask(url, { ...options, signal: AbortSignal.timeout(PATIENCE) });
      if (response.ok || !isGone()) return response;
    } catch (error) {
      if (!isGone()) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}

export default mounting('gone', Gone, 'back');
