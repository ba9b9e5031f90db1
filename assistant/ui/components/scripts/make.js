// An element with its class, its text and its attributes. Text is only ever text, never markup.
const make = (tag, className = "", text = "", attributes = {}) => {
  const element = document.createElement(tag);
  Object.assign(element, { className, textContent: text });
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};
