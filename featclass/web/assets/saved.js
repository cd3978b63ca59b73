// A saved classifier is brought: sent to the server, and the workspace that it gets is opened.
export default function ({ parentElement, data }) {
  const host = parentElement.querySelector('.saved'), zone = host.querySelector('.zone');
  const bring = ([item]) => { if (item?.file) load(host, data.base, item); };
  host.querySelector('.pick').onclick = () => choose(host, { accept: '.featclass', multiple: false, 'aria-label': 'Saved classifier' }, bring);
  if (host.isListening) return;
  host.isListening = true;
  droppable(zone, bring);
}

async function load(host, base, item) {
  const note = host.querySelector('.note'), button = host.querySelector('.pick');
  const name = item.path.split('/').pop();
  button.disabled = true;
  note.textContent = `Sending ${name}`;
  try {
    const { token } = await ask(`${base}/classifier?${new URLSearchParams({ name })}`, { body: item.file });
    location.assign(`?w=${encodeURIComponent(token)}`);
  } catch (error) {
    note.textContent = sentence(error.message);
    button.disabled = false;
  }
}
