// The text that was read, laid over the picture of its page, so that it can be selected, copied and
// found. Lines are stretched to their boxes, as pdf.js does. Only text is made, never markup.
const framesOf = () => [...document.querySelectorAll('[class*="st-key-page-image"]')];
const boxIn = (frame) => frame?.querySelector("img")?.parentElement;

const lineOf = ([text, x0, y0, x1, y1], data) => {
  const line = make("div", "", text);
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

// Widths are not those of the letters before the picture and the font have come; a font is asked for
// when its first letters are drawn, which is after the text was laid.
const sizes = new ResizeObserver((changed) => changed.forEach(({ target }) => stretch(target)));
document.fonts.addEventListener("loadingdone", () => document.querySelectorAll(".text-layer").forEach(stretch));

const layText = (data, box) => {
  const old = box.querySelector(".text-layer");
  if (old?.dataset.page === data.page) return old;
  const layer = make("div", "text-layer");
  layer.dataset.page = data.page;
  layer.append(...data.lines.map((line) => lineOf(line, data)));
  box.classList.add("page-box");
  if (old) {
    sizes.unobserve(old);
    old.replaceWith(layer);
  } else box.append(layer);
  sizes.observe(layer);
  return layer;
};

// As a keyboard writes them; the same table is in page_panel.py.
const KEYBOARD = {
  "\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-",
  "\u2013": "-", "\u2014": "-", "\u00a0": " ", "\u00ad": "-",
};
const plain = (text) => text.replace(
  /[\u2018\u2019\u201c\u201d\u2010\u2011\u2013\u2014\u00a0\u00ad]/g, (sign) => KEYBOARD[sign]);

// The places of words in texts that follow each other: for each place its parts, [text, from, to].
const placesIn = (texts, sought) => {
  const words = plain(sought.trim().split(/\s+/).join(" "));
  const wanted = new RegExp(words.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") || "(?!)", "gi");
  const starts = [];
  texts.reduce((at, text) => (starts.push(at), at + text.length + 1), 0);
  const places = [];
  let text = 0;
  for (const { index: at, 0: match } of plain(texts.join(" ")).matchAll(wanted)) {
    const end = at + match.length;
    while (text + 1 < starts.length && starts[text + 1] <= at) text += 1;
    const parts = [];
    for (let one = text; one < texts.length && starts[one] < end; one += 1) {
      const from = Math.max(at - starts[one], 0);
      const to = Math.min(end - starts[one], texts[one].length);
      if (to > from) parts.push([one, from, to]);
    }
    places.push(parts);
  }
  return places;
};

// Marks what is sought. Each place is the list of its marks: one for each line that it is on.
const findInLayer = (layer, sought) => {
  const lines = [...layer.children];
  const texts = lines.map((line) => line.textContent);
  const pieces = texts.map(() => []);
  const ends = texts.map(() => 0);
  const places = placesIn(texts, sought).map((parts) =>
    parts.map(([one, from, to]) => {
      const mark = make("mark", "", texts[one].slice(from, to));
      pieces[one].push(texts[one].slice(ends[one], from), mark);
      ends[one] = to;
      return mark;
    }));
  lines.forEach((line, at) => line.replaceChildren(...pieces[at], texts[at].slice(ends[at])));
  return places;
};

// The text of a page without a picture belongs to Streamlit: it is marked without being changed.
const findInText = (page, sought) => {
  const walker = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.data.trim() && !node.parentElement.closest(".clock, .hidden-text")) nodes.push(node);
  }
  return placesIn(nodes.map((node) => node.data), sought).map((parts) =>
    parts.map(([one, from, to]) => {
      const range = new Range();
      range.setStart(nodes[one], from);
      range.setEnd(nodes[one], to);
      return range;
    }));
};

const pointTo = (places, at) => {
  const here = places[at] ?? [];
  const isText = places.flat()[0] instanceof Range;
  if (isText) {
    CSS.highlights?.set("sought", new Highlight(...places.flat()));
    CSS.highlights?.set("sought-here", new Highlight(...here));
  } else {
    CSS.highlights?.clear();
    places.flat().forEach((mark) => mark.classList.toggle("here", here.includes(mark)));
  }
  const shown = isText ? here[0]?.startContainer.parentElement : here[0];
  shown?.scrollIntoView({ block: "center", inline: "nearest" });
};
