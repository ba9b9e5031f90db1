// A picture that is painted over. Each stroke is kept as its points, so that the last one can be
// taken back; after each, the mask goes to the page as a PNG: white where it was painted.

const paint = (canvas, strokes, colour, ground) => {
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, canvas.width, canvas.height);
  if (ground) {
    pen.fillStyle = ground;
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }
  pen.lineCap = pen.lineJoin = "round";
  pen.strokeStyle = pen.fillStyle = colour;
  for (const { points, width } of strokes) {
    pen.lineWidth = width;
    pen.beginPath();
    const [first, ...rest] = points;
    if (!rest.length) {
      pen.arc(first.x, first.y, width / 2, 0, 2 * Math.PI);
      pen.fill();
      continue;
    }
    pen.moveTo(first.x, first.y);
    for (const point of rest) pen.lineTo(point.x, point.y);
    pen.stroke();
  }
};

const build = (root, data, send) => {
  const strokes = [];
  const sheet = make("div", "sheet");
  const image = make("img", "picture", "", { src: data.picture, alt: data.words.picture });
  const size = { width: data.width, height: data.height };
  const canvas = make("canvas", "paint", "", {
    ...size, role: "img", "aria-label": data.words.paint,
  });
  sheet.append(image, canvas);

  const tools = make("div", "tools");
  const label = make("label", "brush", data.words.brush);
  const most = Math.max(size.width, size.height);
  const brush = make("input", "", "", {
    type: "range", min: 1, max: 30, value: 8, "aria-label": data.words.size,
  });
  label.append(brush);
  const undo = make("button", "undo", data.words.undo, { type: "button" });
  const clear = make("button", "clear", data.words.clear, { type: "button" });
  tools.append(label, undo, clear);
  root.replaceChildren(sheet, tools);

  const show = () => {
    paint(canvas, strokes, "#e11d48");
    undo.disabled = clear.disabled = !strokes.length;
  };
  const done = () => {
    show();
    if (!strokes.length) return send("");
    const mask = make("canvas", "", "", size);
    paint(mask, strokes, "white", "black");
    send(mask.toDataURL("image/png"));
  };
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * size.width,
      y: ((event.clientY - box.top) / box.height) * size.height,
    };
  };

  let drawing = false;
  canvas.onpointerdown = (event) => {
    if (event.button) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    drawing = true;
    strokes.push({ points: [place(event)], width: (brush.value / 100) * most });
    show();
  };
  canvas.onpointermove = (event) => {
    if (!drawing) return;
    const events = event.getCoalescedEvents?.() ?? [];
    strokes.at(-1).points.push(...(events.length ? events : [event]).map(place));
    show();
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (!drawing) return;
    drawing = false;
    done();
  };
  undo.onclick = () => { strokes.pop(); done(); };
  clear.onclick = () => { strokes.length = 0; done(); };
  show();
};

// The page runs again after each stroke; what is painted stays as long as the picture does.
export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".mask");
  if (root.shows === data.picture) return;
  root.shows = data.picture;
  build(root, data, (mask) => setStateValue("mask", mask));
}
