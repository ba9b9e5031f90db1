// What each page does in the browser besides its drawing, after each change of it.
export default function ({ data, parentElement }) {
  const until = drawnAnew(parentElement);
  const translate = speak(data);
  const changed = () => {
    translate();
    nameRows();
    enterMenu();
    enterDialog();
    nameAddress(data.address);
    nameLinks(data.address);
  };
  rememberLibrary(data.library, data.address);
  changed();
  document.addEventListener("click", onClick, true);
  document.addEventListener("keydown", onType, true);
  const page = new MutationObserver(changed);
  page.observe(document.body, { childList: true, subtree: true, characterData: true });
  return until(() => {
    page.disconnect();
    document.removeEventListener("click", onClick, true);
    document.removeEventListener("keydown", onType, true);
  });
}
