// Light, dark, or as the system: what Streamlit 1.67 reads from the browser's storage when a page
// is loaded, for each address by itself.
const key = (path) => `stActiveTheme-${path}-v2`;

const now = () => {
  try {
    return JSON.parse(localStorage.getItem(key(location.pathname))) || "System";
  } catch {
    return "System";
  }
};

const choose = (theme, pages) => {
  for (const page of pages) localStorage.setItem(key(`/${page}`), JSON.stringify(theme));
  location.reload();
};

export default function ({ parentElement, data }) {
  const group = document.createElement("fieldset");
  group.style.cssText = "border: 0; margin: 0; padding: 0; font: inherit; color: inherit;";
  const legend = document.createElement("legend");
  legend.textContent = data.title;
  legend.style.cssText = "padding: 0 0 0.3rem; font-size: 0.875rem;";
  group.append(legend);
  const chosen = now();
  for (const [theme, word] of Object.entries(data.themes)) {
    const label = document.createElement("label");
    label.style.cssText = "display: inline-flex; gap: 0.4rem; align-items: center; margin-right: 1.2rem; cursor: pointer;";
    const radio = document.createElement("input");
    radio.type = "radio";
    radio.name = "appearance";
    radio.value = theme;
    radio.checked = theme === chosen;
    radio.style.accentColor = "var(--st-primary-color)";
    radio.addEventListener("change", () => choose(theme, data.pages));
    label.append(radio, document.createTextNode(word));
    group.append(label);
  }
  parentElement.replaceChildren(group);
}
