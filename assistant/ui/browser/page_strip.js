// Small pictures of a document's pages, one stop of the Tab key. A picture is asked for when its
// place comes into view.
const PAUSE = 120; // milliseconds after scrolling
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

const cells = (list) => [...list.querySelectorAll("button")];

const build = (list, data) => {
  const name = (page) => data.words.page.replace("{number}", page);
  list.replaceChildren(...Array.from({ length: data.pages }, (_, at) => {
    const cell = make("li");
    const button = make("button", "", "", {
      type: "button", tabindex: -1, "aria-label": name(at + 1), title: name(at + 1), "data-page": at + 1,
    });
    const place = make("span", "place");
    place.style.aspectRatio = data.shape;
    button.append(place, make("span", "number", String(at + 1)));
    cell.append(button);
    return cell;
  }));
  Object.assign(list, { of: data.document, pictures: new Map(), seen: new Set(), current: 0 });
};

const fill = (list, thumbs) => {
  for (const [page, picture] of Object.entries(thumbs)) {
    if (list.pictures.get(Number(page))) continue;
    list.pictures.set(Number(page), picture);
    const image = make("img", "", "", { alt: "" });
    image.src = picture;
    list.querySelector(`[data-page="${page}"] .place`)?.replaceChildren(image);
  }
};

const markCurrent = (list, page) => {
  if (list.current === page) return;
  list.current = page;
  for (const button of cells(list)) {
    const here = Number(button.dataset.page) === page;
    button.tabIndex = here ? 0 : -1;
    if (here) button.setAttribute("aria-current", "page");
    else button.removeAttribute("aria-current");
  }
  list.centred = false;
};

// Only the strip moves: the page beneath it stays where it is.
const centre = (list) => {
  const button = list.querySelector('[aria-current="page"]');
  if (list.centred || !button?.offsetWidth) return;
  list.centred = true;
  const { left, width } = button.getBoundingClientRect(); // each cell is a place of its own
  const start = left - list.getBoundingClientRect().left + list.scrollLeft;
  list.scrollTo({ left: start - (list.clientWidth - width) / 2 });
};

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const until = drawnAnew(parentElement);
  const list = parentElement.querySelector(".strip");
  if (!list) return undefined;
  list.parentElement.setAttribute("aria-label", data.words.name);
  if (list.of !== data.document) build(list, data);
  for (const page of data.asked) list.pictures.set(page, list.pictures.get(page) ?? "");
  fill(list, data.thumbs);
  markCurrent(list, data.page);

  const ask = () => {
    const wanted = [...list.seen].filter((page) => !list.pictures.has(page));
    // A value, no trigger: a second trigger would take the place of a page that is being opened.
    if (wanted.length) setStateValue("wanted", { pages: wanted.slice(0, data.most), at: Date.now() });
  };
  const later = () => {
    clearTimeout(list.pause);
    list.pause = setTimeout(ask, PAUSE);
  };
  const views = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) {
      const page = Number(target.dataset.page);
      if (isIntersecting) list.seen.add(page);
      else list.seen.delete(page);
    }
    centre(list); // only now the cells have their sizes
    later();
  }, { root: list, rootMargin: "0px 25%" });
  cells(list).forEach((button) => views.observe(button));
  list.onkeydown = (event) => walkButtons(event, STEPS);
  list.onclick = (event) => {
    const button = event.target.closest("button");
    if (button) setTriggerValue("open", Number(button.dataset.page));
  };
  return until(() => {
    clearTimeout(list.pause);
    views.disconnect();
  });
}
