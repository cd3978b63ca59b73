// Measures every text that is shown: its colour over what is behind it, through shadow roots.
() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const known = new Map();
  const parse = colour => {   // any notation: the canvas knows them all
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)];
  const light = channels => {
    const [r, g, b] = channels.map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const parent = node => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host ?? null;
  const chain = node => { const all = []; for (let at = node; at; at = parent(at)) all.push(at); return all; };
  const written = node => {
    if (['STYLE', 'SCRIPT', 'NOSCRIPT', 'OPTION', 'TITLE'].includes(node.tagName)) return '';
    if (node.tagName === 'INPUT') return node.type === 'text' ? node.value : '';
    return [...node.childNodes].filter(child => child.nodeType === 3).map(child => child.data).join('').trim();
  };
  const isShown = node => {
    const box = node.getBoundingClientRect();
    return box.width >= 3 && box.height >= 3 && node.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };
  // What cannot be used is meant to recede, and so is a score that is worked out anew; an icon is no text.
  const recedes = at => at.disabled || at.getAttribute('aria-disabled') === 'true'
    || at.matches('.st-key-stale, [data-testid=stIconMaterial], .material-symbols-rounded');
  const texts = [];
  const look = root => {
    for (const node of root.querySelectorAll('*')) {
      if (node.shadowRoot) look(node.shadowRoot);
      const text = written(node);
      if (!text || !isShown(node)) continue;
      const up = chain(node), styles = up.map(at => getComputedStyle(at));
      if (up.some(recedes)) continue;
      if (styles.some(style => style.backgroundImage !== 'none' || style.clipPath !== 'none')) continue;
      const layers = [];
      for (const style of styles) {
        layers.push(parse(style.backgroundColor));
        if (layers.at(-1)[3] === 1) break;
      }
      const ground = layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
      const [r, g, b, a] = parse(styles[0].color);
      if (!a) continue;   // another element shows it
      const opacity = styles.reduce((all, style) => all * style.opacity, a);
      const [high, low] = [light(over([r, g, b, opacity], ground)), light(ground)].sort((one, other) => other - one);
      texts.push({
        text: text.slice(0, 40), ratio: (high + 0.05) / (low + 0.05),
        size: parseFloat(styles[0].fontSize), weight: Number(styles[0].fontWeight),
      });
    }
  };
  look(document);
  return texts;
}
