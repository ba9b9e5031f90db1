// An icon that copies an answer, and says so for a moment.
const COPY = "M7 7V4.5A1.5 1.5 0 0 1 8.5 3h7A1.5 1.5 0 0 1 17 4.5v7a1.5 1.5 0 0 1-1.5 1.5H13M4.5 7h7A1.5 1.5 0 0 1 13 8.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 3 15.5v-7A1.5 1.5 0 0 1 4.5 7Z";
const SHOWN = 1600; // milliseconds

const tell = (root, text) => {
  root.querySelector(".told").textContent = text;
  clearTimeout(root.pause);
  root.pause = setTimeout(() => { root.querySelector(".told").textContent = ""; }, SHOWN);
};

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".copying");
  const copy = async () =>
    tell(root, (await copyText(data.text)) ? data.words.copied : data.words.blocked);
  const button = root.querySelector("button");
  if (button) { // it keeps the focus when it is drawn again
    Object.assign(button, { onclick: copy, title: data.words.copy });
    button.setAttribute("aria-label", data.words.copy);
  } else root.append(iconButton(COPY, copy, "", data.words.copy), make("span", "told", "", { role: "status" }));
}
