// The text that was read, laid over the picture of its page, so that it can be selected, copied and
// found. Lines are stretched to their boxes, as pdf.js does. Only text is made, never markup.
const frameOf = () => document.querySelector(".st-key-page-image");
const boxOf = () => frameOf()?.querySelector("img")?.parentElement;

const lineOf = ([text, x0, y0, x1, y1], data) => {
  const line = document.createElement("div");
  line.textContent = text;
  const percent = (value, of) => `${(100 * value) / of}%`;
  Object.assign(line.style, {
    left: percent(x0, data.width),
    top: percent(y0, data.height),
    fontSize: `${(86 * (y1 - y0)) / data.height}cqh`, // of the layer's height: it grows with it
  });
  line.share = (x1 - x0) / data.width;
  return line;
};

const WIDE = 2.2; // a line that is so much wider than its words is a row: its gaps are stretched

const stretch = (layer) => {
  if (!layer.clientWidth) return;
  const lines = [...layer.children];
  for (const line of lines) line.style.wordSpacing = "";
  const widths = lines.map((line) => line.offsetWidth);
  lines.forEach((line, at) => {
    const width = line.share * layer.clientWidth;
    const gaps = line.textContent.trim().split(/\s+/).length - 1;
    const isRow = gaps > 0 && width > WIDE * widths[at];
    line.style.wordSpacing = isRow ? `${(width - widths[at]) / gaps}px` : "";
    line.style.transform = isRow ? "" : `scaleX(${width / (widths[at] || 1)})`;
  });
};

// Widths are not those of the letters before the picture and the font have come.
const sizes = new ResizeObserver((changed) => changed.forEach(({ target }) => stretch(target)));

const layText = (data) => {
  const box = boxOf();
  if (!box) return null;
  const old = box.querySelector(".text-layer");
  if (old?.dataset.page === data.page) return old;
  const layer = document.createElement("div");
  layer.className = "text-layer";
  layer.dataset.page = data.page;
  layer.append(...data.lines.map((line) => lineOf(line, data)));
  box.classList.add("page-box");
  if (old) old.replaceWith(layer);
  else box.append(layer);
  sizes.disconnect();
  sizes.observe(layer);
  document.fonts.ready.then(() => stretch(layer));
  return layer;
};

// Marks what is sought, and returns the marks.
const findIn = (layer, sought) => {
  const wanted = sought.trim().toLowerCase();
  const marks = [];
  for (const line of layer.children) {
    const text = line.textContent;
    const low = text.toLowerCase();
    const parts = [];
    let end = 0;
    // Lower case has other lengths in a few scripts: there the line stays as it is.
    for (let at = 0; wanted && low.length === text.length; ) {
      at = low.indexOf(wanted, end);
      if (at < 0) break;
      const mark = document.createElement("mark");
      mark.textContent = text.slice(at, at + wanted.length);
      parts.push(text.slice(end, at), mark);
      marks.push(mark);
      end = at + wanted.length;
    }
    line.replaceChildren(...parts, text.slice(end));
  }
  return marks;
};
