// "?" shows all keys.
const showKeys = (data) => {
  if (document.querySelector(".all-keys")) return;
  const dialog = make("dialog", "all-keys", "", { "aria-labelledby": "all-keys" });
  const table = make("dl", "");
  for (const [keys, does] of data.keys) {
    const names = make("dt", "");
    for (const key of keys) names.append(make("kbd", "", key), " ");
    table.append(names, make("dd", "", does));
  }
  const close = make("button", "close", data.words.close, { type: "button" });
  close.onclick = () => dialog.close();
  dialog.onclose = () => dialog.remove();
  dialog.append(make("h2", "", data.words.title, { id: "all-keys" }), table, close);
  document.body.append(dialog);
  dialog.showModal();
};

export default function ({ data, parentElement }) {
  const until = drawnAnew(parentElement);
  const onKey = (event) => {
    if (event.key !== "?" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isField(focusedNow()) || document.querySelector("dialog[open], [role=dialog]")) return;
    showKeys(data);
  };
  document.addEventListener("keydown", onKey, true);
  return until(() => document.removeEventListener("keydown", onKey, true));
}
