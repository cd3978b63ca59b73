// Says that the server does not answer, in place of Streamlit, and has the page drawn anew when it is
// back: what was typed meanwhile is sent with that.
const BEFORE_SAID = 800, AGAIN = 1000, PATIENCE = 15_000;   // milliseconds
const PINGS = /\/_stcore\/(health|host-config)$/;
const watched = new WeakMap();

export default function ({ parentElement, setTriggerValue }) {
  const banner = parentElement.querySelector('.gone');
  const watch = watched.get(banner) ?? watching(banner);
  watched.set(banner, watch);
  watch.back = () => setTriggerValue('back', Date.now());
  return () => { if (!banner.isConnected) watch.end(); };
}

function watching(banner) {
  const watch = { back: null, timer: 0 };
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(location.hostname);
  const remedy = local ? ' If it was closed, start it again: featclass app.' : '';
  const say = () => {
    banner.textContent = `featclass does not answer. What you type is kept, and sent when it is back.${remedy}`;
    banner.hidden = false;
  };
  const look = () => {
    if (isGone()) { watch.timer ||= setTimeout(say, BEFORE_SAID); return; }
    if (!watch.timer) return;
    clearTimeout(watch.timer);
    watch.timer = 0;
    banner.hidden = true;
    window.dispatchEvent(new Event(BACK));
    watch.back();
  };
  const observer = new MutationObserver(look);
  observer.observe(document.querySelector('.stApp'), { attributeFilter: [CONNECTION] });
  watch.end = () => { observer.disconnect(); clearTimeout(watch.timer); };
  if (!window.fetch.isPatient) bePatient();
  return watch;
}

// Streamlit pings a server that it has lost, and after a few failures lays a dialog over the page, which
// asks about the internet, closes menus and takes the focus from what is being typed. So that there is
// no failure, its ping is answered when the server is there again.
function bePatient() {
  const ask = window.fetch.bind(window);
  window.fetch = (url, options) => PINGS.test(String(url)) && isGone() ? patiently(ask, url, options) : ask(url, options);
  window.fetch.isPatient = true;
}

async function patiently(ask, url, options) {
  for (;;) {
    try {
      const response = await ask(url, { ...options, signal: AbortSignal.timeout(PATIENCE) });
      if (response.ok || !isGone()) return response;
    } catch (error) { if (!isGone()) throw error; }
    await new Promise(resolve => setTimeout(resolve, AGAIN));
  }
}
