// What each page does in the browser besides its drawing, after each change of it.
export default function ({ data, parentElement }) {
  const until = drawnAnew(parentElement);
  const translate = speak(data);
  const changed = () => {
    translate();
    nameRows();
    enterMenu();
  };
  changed();
  const page = new MutationObserver(changed);
  page.observe(document.body, { childList: true, subtree: true, characterData: true });
  return until(() => page.disconnect());
}
