// Says in which language the page is, for those who hear it, keeps a choice of it in a cookie, and
// translates the words that Streamlit writes by itself.
const NAMES = ["aria-label", "title", "placeholder"];
// Only in what Streamlit writes: a line of a document stays as it is.
const OWN = '[data-testid^="stFileUploader"], [data-testid="InputInstructions"], [role="listbox"],' +
  ' [data-testid="stMultiSelect"], [data-testid="stSelectbox"], [data-testid="stSkipToContent"]';

const inTexts = (root, words) => {
  for (const own of root.querySelectorAll(OWN)) {
    const texts = document.createTreeWalker(own, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
      const word = words[text.data.trim()];
      if (word && word !== text.data) text.data = word;
    }
  }
};

const inNames = (root, words) => {
  for (const name of NAMES) {
    for (const element of root.querySelectorAll(`[${name}]`)) {
      const word = words[element.getAttribute(name)];
      if (word) element.setAttribute(name, word);
    }
  }
};

// Returns what translates the words that are there.
const speak = (data) => {
  document.documentElement.lang = data.language;
  if (data.keep) keepCookie(data.keep, data.language);
  const words = Object.fromEntries(Object.entries(data.words).filter(([a, b]) => a !== b));
  if (!Object.keys(words).length) return () => {};
  return () => {
    inTexts(document.body, words);
    inNames(document.body, words);
  };
};
