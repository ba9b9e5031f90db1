// Each row has the same buttons: a screen reader is told which document or file they are about.
const ROWS = '[class*="st-key-row-"], [class*="st-key-failure-"]';

const nameRows = () => {
  for (const row of document.querySelectorAll(ROWS)) {
    const about = row.querySelector(".document-name, .files .name")?.textContent;
    if (!about) continue;
    for (const button of row.querySelectorAll("button")) {
      const label = button.querySelector("p")?.textContent;
      if (label) button.setAttribute("aria-label", `${label}: ${about}`);
    }
  }
  // Streamlit 1.67 gives it a name, and a role that has none.
  for (const zone of document.querySelectorAll('[data-testid="stFileUploaderDropzone"]'))
    if (zone.getAttribute("role") !== "group") zone.setAttribute("role", "group");
};
