// An element with its class, its text and its attributes. Text is only ever text, never markup.
const make = (tag, className = "", text = "", attributes = {}) => {
  const element = document.createElement(tag);
  Object.assign(element, { className, textContent: text });
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

// A button with a drawing: a path on 20 by 20. Its label is given with it, or later.
const iconButton = (shape, act, className = "", label = "") => {
  const named = label ? { title: label, "aria-label": label } : {};
  const button = make("button", className, "", { type: "button", ...named });
  const [drawn, path] = ["svg", "path"].map((name) =>
    document.createElementNS("http://www.w3.org/2000/svg", name));
  drawn.setAttribute("viewBox", "0 0 20 20");
  drawn.setAttribute("aria-hidden", "true");
  path.setAttribute("d", shape);
  drawn.append(path);
  button.append(drawn);
  button.onclick = act;
  return button;
};
