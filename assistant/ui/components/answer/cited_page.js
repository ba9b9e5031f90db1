// Brings the cited lines into view, says what the panel is, and closes it on Escape.
export default function ({ data, setTriggerValue }) {
  const panel = document.querySelector(".st-key-page");
  panel?.setAttribute("role", "region");
  panel?.setAttribute("aria-label", data.name);
  panel?.setAttribute("tabindex", "0"); // so that the arrow keys can scroll it
  const image = panel?.querySelector("img");
  const toLines = () => {
    const top = image.getBoundingClientRect().top - panel.getBoundingClientRect().top;
    const lines = panel.scrollTop + top + data.at * image.clientHeight;
    panel.scrollTo({ top: Math.max(0, lines - 0.4 * panel.clientHeight) });
  };
  if (image?.complete && image.clientHeight) toLines();
  else image?.addEventListener("load", toLines, { once: true });
  const mark = image ? null : panel?.querySelector(".text-page .cited");
  if (mark) {
    const top = mark.getBoundingClientRect().top - panel.getBoundingClientRect().top;
    panel.scrollTo({ top: Math.max(0, panel.scrollTop + top - 0.4 * panel.clientHeight) });
  }
  const onKey = (event) => { if (event.key === "Escape") setTriggerValue("close", true); };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
