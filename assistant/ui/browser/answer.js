// Draws one answer. Every text goes through textContent: what documents and models wrote is shown
// letter by letter, and can become neither markup nor a link nor a picture.

// `label` is its name for those who hear the page; without text of its own it is named by its parts.
const opener = (root, className, text, id, label) => {
  const button = make("button", className, text, { type: "button", "data-id": id, title: label });
  if (text) button.setAttribute("aria-label", label);
  button.onclick = () => root.open(id);
  return button;
};

// The words of the page in the visitor's language (`answer_words` of answer.py), with their places filled.
let words = {};
const said = (name, values = {}) =>
  words[name].replace(/\{(\w+)\}/g, (place, value) => values[value] ?? place);

// In a recording it is a time: 03:12.
const place = (cited) => cited.time ?? said("page", cited);
const shortPlace = (cited) => cited.time ?? said("short_page", cited);

// Of the Markdown that small models write, bold and code; links and pictures stay as they are
// written. The parts go through textContent like everything else.
const MARKED = /(\*\*[^*\n]+\*\*|`[^`\n]+`)/;

// What turns the direction of letters in a sentence ends with it: marks and words behind it stay.
// The same as `ended` in ingest/document/model.py.
const SIGNS = /[\u202a-\u202e\u2066-\u2069]/g, POP = "\u202c", END = "\u2069";
const ended = (text) => {
  const left = [];
  for (const sign of text.match(SIGNS) ?? []) {
    if (sign === POP) left.at(-1) === POP && left.pop();
    else if (sign !== END) left.push(sign >= "\u2066" ? END : POP);
    else if (left.includes(END)) left.length = left.lastIndexOf(END);
  }
  return left.reverse().join("");
};

const worded = (tag, className, text, unstated = []) => {
  const element = make(tag, className);
  const left = [...unstated];
  for (const part of text.split(MARKED)) {
    const bold = part.length > 4 && part.startsWith("**") && part.endsWith("**");
    const code = part.length > 2 && part.startsWith("`") && part.endsWith("`");
    if (bold) element.append(underlined(make("strong", ""), part.slice(2, -2), left));
    else if (code) element.append(underlined(make("code", ""), part.slice(1, -1), left));
    else underlined(element, part, left);
  }
  if (ended(text)) element.append(ended(text));
  return element;
};

// Appends a text with the words that no line states underlined; those found are taken from `left`,
// which has them in the order of the text.
const underlined = (element, text, left) => {
  let at = 0;
  for (let found; left.length && (found = text.indexOf(left[0], at)) >= 0; ) {
    const word = left.shift();
    element.append(text.slice(at, found));
    element.append(make("span", "unstated", word, { title: said("unstated") }));
    at = found + word.length;
  }
  element.append(text.slice(at));
  return element;
};

// Fenced code: what stands between ``` and ```, or ~~~ and ~~~, with its language behind the first.
const FENCED = /(^[ \t]*(```+|~~~+)[^\n]*\n[^]*?(?:^[ \t]*\2[ \t]*$|$(?![^])))/m;
const FENCE = /^[ \t]*(?:```+|~~~+)([^\n]*)\n([^]*?)\n?[ \t]*(?:```+|~~~+)?[ \t]*$/;

const codeBlock = (text) => {
  const [, language, code] = text.match(FENCE) ?? ["", "", text];
  const block = make("div", "code-block");
  const head = make("div", "code-head");
  const button = make("button", "copy", said("copy"), {
    type: "button", "aria-label": said("copy_code"),
  });
  button.onclick = () => copy(code, button);
  head.append(make("span", "", language.trim() || said("code")), button);
  const lines = make("pre", "", "", { tabindex: "0" });
  lines.append(make("code", "", code));
  block.append(head, lines);
  return block;
};

const isCode = (text) => /^[ \t]*(?:```|~~~)/.test(text) && FENCE.test(text);

const stage = (data) => {
  const line = make("p", "stage", "", { role: "status" });
  line.append(make("span", "dot"), make("span", "", data.stage));
  return line;
};

// The lines that come closest, while the model reads and below a refusal; each opens its page.
const cards = (root, rows, name) => {
  const list = make("div", "cards", "", { role: "group", "aria-label": name });
  list.append(...rows.map((row) => {
    const label = said("open", { document: row.document, place: place(row) });
    const card = opener(root, "card", "", row.id, label);
    card.append(make("span", "quoted", row.text), " ");
    card.append(make("cite", "", `${row.document}, ${shortPlace(row)}`));
    return card;
  }));
  return list;
};

// FENCED has two groups: of three parts the second is code, the third its fence.
const writing = (data) =>
  data.text.split(FENCED).flatMap((part, at) => {
    if (at % 3 === 1) return [codeBlock(part)];
    return at % 3 === 0 && part.trim() ? [worded("p", "writing", part)] : [];
  });

const sentence = (root, part, citations, opened) => {
  const kinds = { supported: "sentence", partly: "sentence partly", none: "sentence unsupported" };
  const span = make("span", kinds[part.support]);
  const partly = part.support === "partly";
  if (isCode(part.text)) span.classList.add("coded");
  if (part.time) span.append(make("span", "time", part.time), " ");
  const unstated = partly ? part.unstated : [];
  const text = isCode(part.text) ? codeBlock(part.text) : worded("span", "words", part.text, unstated);
  span.append(text);
  if (part.support !== "supported") {
    const whole = unstated.length === 1 && unstated[0] === part.text;
    const told = unstated.map((word) => `“${word}”`).join(", ");
    const missing = whole ? said("unstated") : said("unstated_words", { words: told });
    const tip = partly ? missing : said("not_found");
    span.setAttribute("tabindex", "0");
    span.append(make("span", "tip", tip, { role: "note" }));
  }
  for (const mark of part.marks) {
    const cited = citations[mark];
    if (!cited) continue;
    const named = { mark, document: cited.document, place: place(cited) };
    const label = said(partly ? "closest" : "source", named);
    const kind = partly ? "mark close" : "mark";
    const button = opener(root, kind, `${mark}`, `citation-${mark}`, label);
    button.setAttribute("aria-pressed", String(opened === `citation-${mark}`));
    span.append(button);
  }
  return span;
};

const sentences = (root, data) => {
  const paragraphs = [];
  for (const [number, part] of data.sentences.entries()) {
    if (part.breaks || !paragraphs.length) paragraphs.push(make("p", "paragraph"));
    const paragraph = paragraphs[paragraphs.length - 1];
    const span = sentence(root, part, data.citations, data.opened);
    span.dataset.number = number;
    paragraph.append(span, " ");
  }
  return paragraphs;
};

// One for each page: "Employee Handbook, p. 10 · 1 2".
const sources = (root, data) => {
  const list = make("div", "sources", "", { role: "group", "aria-label": said("sources") });
  const pages = Map.groupBy(Object.entries(data.citations), ([, cited]) => `${cited.document}\n${place(cited)}`);
  for (const cited of pages.values()) {
    const [mark, { document, ...rest }] = cited[0];
    const marks = cited.map(([number]) => number);
    const label = said("open_source", { mark: marks.join(" "), document, place: place(rest) });
    const chip = opener(root, "source", "", `citation-${mark}`, label);
    chip.append(make("span", "name", document.replace(/\.\w{1,5}$/, "")), ", ");
    chip.append(make("span", "page", shortPlace(rest)), " · ", make("b", "", marks.join(" ")));
    chip.setAttribute("aria-pressed", String(marks.some((one) => data.opened === `citation-${one}`)));
    list.append(chip);
  }
  return list;
};

const copy = async (text, button) => {
  button.textContent = said((await copyText(text)) ? "copied" : "blocked");
  setTimeout(() => { button.textContent = said("copy"); }, 1600);
};

// While it is read aloud (read_aloud.js), the sentence that is heard is marked, and the lines that it
// comes from stand below its paragraph.
const reading = (root, data, number) => {
  root.number = number;
  root.querySelector(".heard-lines")?.remove();
  for (const span of root.querySelectorAll(".sentence")) span.classList.remove("heard");
  const span = root.querySelector(`.sentence[data-number="${number}"]`);
  if (!span) return;
  span.classList.add("heard");
  const marks = data.sentences[number].marks.filter((mark) => data.citations[mark]);
  if (marks.length) {
    const rows = marks.map((mark) => ({ ...data.citations[mark], text: data.lines[mark], id: `citation-${mark}` }));
    const lines = cards(root, rows, said("heard_lines"));
    lines.classList.add("heard-lines");
    span.closest(".paragraph").after(lines);
  }
  span.scrollIntoView({ block: "nearest" });
};

// From mark to mark of an answer, as the arrow keys ask.
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

const walk = (root, event) => {
  if (!event.target.matches(".mark") || event.ctrlKey || event.metaKey || event.altKey) return;
  const marks = [...root.querySelectorAll(".mark")];
  const ends = { Home: 0, End: marks.length - 1 };
  const at = ends[event.key] ?? marks.indexOf(event.target) + STEPS[event.key];
  if (!(at >= 0 && at < marks.length)) return;
  event.preventDefault();
  marks[at].focus();
};

const listen = (root, data) => {
  if (root.listener) window.removeEventListener("pincite:reading", root.listener);
  root.listener = ({ detail }) => {
    if (!root.isConnected) window.removeEventListener("pincite:reading", root.listener);
    else if (detail.answer === data.id) reading(root, data, detail.sentence);
  };
  window.addEventListener("pincite:reading", root.listener);
  if (root.number >= 0) reading(root, data, root.number);
};

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".answer");
  root.open = (id) => setTriggerValue("open", id);
  root.onkeydown = (event) => walk(root, event);
  if (isDrawn(root, data)) return;
  const focused = root.getRootNode().activeElement?.dataset?.id;
  words = data.words;
  const parts = [];
  if (data.text) parts.push(...writing(data));
  if (data.stage) parts.push(stage(data));
  if (data.sentences) parts.push(...sentences(root, data));
  for (const notice of data.notices ?? []) parts.push(make("p", "notice", notice, { role: "note" }));
  if (data.note) parts.push(make("p", "hint", data.note));
  if (Object.keys(data.citations ?? {}).length) parts.push(sources(root, data));
  if (data.cards?.length) parts.push(cards(root, data.cards, said("closest_lines")));
  if (data.footer) parts.push(make("p", "footer", data.footer));
  root.replaceChildren(...parts);
  if (data.sentences) listen(root, data);
  if (focused) root.querySelector(`[data-id="${focused}"]`)?.focus();
}
