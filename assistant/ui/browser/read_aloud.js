// The menu below an answer, and the button in its place that stops the reading aloud. It asks Python for one piece of sound after the other, the
// next one while one plays. Which sentence is heard is told to the answer (answer.js) by an event.
const EVENT = "pincite:reading";
const AGAIN = 250; // milliseconds until it asks again for a piece that was not ready
const LOST = 4000; // the same where no reply came: the page was drawn anew meanwhile
const MOST = 15; // replies that may be lost before it gives up
const SHAPES = {
  idle: "M4 10h.01M10 10h.01M16 10h.01",
  waiting: "M10 3.5a6.5 6.5 0 1 1-6.5 6.5",
  playing: "M6 6h8v8H6Z",
};
const SILENCE = "data:audio/wav;base64,UklGRiYAAABXQVZFZm10IBAAAAABAAEAIlYAAESsAAACABAAZGF0YQIAAAAAAA==";

// A drawn page may draw this again: what plays is kept outside of it, by answer.
const readings = new Map();

const reading = (id) => {
  if (!readings.has(id)) {
    readings.set(id, { id, state: "idle", next: 0, of: 0, clips: new Map(), nonce: 0, error: "" });
  }
  return readings.get(id);
};

const tell = (one, sentence) =>
  window.dispatchEvent(new CustomEvent(EVENT, { detail: { answer: one.id, sentence } }));

const ask = (one, number) => {
  one.nonce += 1;
  one.asked = number;
  clearTimeout(one.timer);
  one.timer = setTimeout(() => lost(one, number), LOST);
  one.send("want", { number, nonce: one.nonce, start: one.start });
};

const lost = (one, number) => {
  if (one.state === "idle" || one.asked !== number) return;
  one.lost += 1;
  if (one.lost < MOST) {
    ask(one, number);
  } else {
    one.error = one.words.lost;
    end(one);
  }
};

const end = (one) => {
  one.audio?.pause();
  clearTimeout(one.timer);
  for (const clip of one.clips.values()) URL.revokeObjectURL(clip.url);
  Object.assign(one, { state: "idle", next: 0, of: 0, asked: null });
  one.clips.clear();
  tell(one, -1);
  one.draw();
};

const stop = (one) => {
  end(one);
  one.send("stop", Date.now());
};

const play = async (one) => {
  const clip = one.clips.get(one.next);
  if (!clip) {
    one.state = "waiting";
    one.draw();
    return;
  }
  one.state = "playing";
  one.audio.src = clip.url;
  tell(one, clip.sentence);
  one.draw();
  if (one.next + 1 < one.of && !one.clips.has(one.next + 1)) ask(one, one.next + 1);
  try {
    await one.audio.play();
  } catch (error) {
    if (one.state !== "playing" || error.name === "AbortError") return;
    one.error = one.words.unplayable.replace("{error}", error.message);
    stop(one);
  }
};

const ended = (one) => {
  const clip = one.clips.get(one.next);
  if (one.state !== "playing" || !clip) return;
  URL.revokeObjectURL(clip.url);
  one.clips.delete(one.next);
  one.next += 1;
  if (one.next < one.of) play(one);
  else stop(one);
};

const begin = (one) => {
  for (const other of readings.values()) if (other.state !== "idle") end(other);
  one.error = "";
  one.lost = 0;
  one.state = "waiting";
  one.start = `${one.id}-${Date.now()}`;
  if (!one.audio) {
    one.audio = new Audio();
    one.audio.onended = () => ended(one);
  }
  // Some browsers let an element play later only when a click has made it play.
  one.audio.src = SILENCE;
  one.audio.play().catch(() => {});
  one.draw();
  ask(one, 0);
};

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

const receive = (one, data) => {
  if (data.none && one.state !== "idle") {
    one.error = data.error;
    end(one);
    return;
  }
  if (data.error && one.state !== "idle") {
    one.error = data.error;
    stop(one);
    return;
  }
  if (one.state === "idle" || data.nonce !== one.nonce || one.asked !== data.number) return;
  clearTimeout(one.timer);
  one.lost = 0;
  one.of = data.of;
  if (data.of === 0) {
    stop(one);
  } else if (!data.sound) {
    one.timer = setTimeout(() => one.state !== "idle" && ask(one, data.number), AGAIN);
  } else {
    const url = URL.createObjectURL(new Blob([bytes(data.sound)], { type: "audio/wav" }));
    one.clips.set(data.number, { url, sentence: data.sentence });
    one.asked = null;
    if (one.state === "waiting") play(one);
  }
};

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".aloud");
  const one = reading(data.id);
  one.send = setTriggerValue;
  one.words = data.words;
  const items = () => [
    ...(data.answered ? [{ label: one.words.idle, act: () => begin(one) }] : []),
    ...(data.explained ? [{ label: one.words.hood, act: () => one.send("hood", Date.now()) }] : []),
  ];
  one.draw = () => {
    const label = one.state === "idle" ? one.words.more : one.words[one.state];
    const button = root.querySelector(":scope > button") ?? iconButton("");
    button.title = label;
    button.setAttribute("aria-label", label);
    if (button.dataset.state !== one.state && one.state === "idle") menuButton(button, items);
    else if (one.state !== "idle") {
      button.onclick = () => stop(one);
      for (const name of ["aria-haspopup", "aria-expanded"]) button.removeAttribute(name);
    }
    button.dataset.state = one.state;
    button.querySelector("path").setAttribute("d", SHAPES[one.state]);
    const error = make("span", "error", one.error, { role: "alert" });
    if (!button.isConnected) root.replaceChildren(button);
    root.querySelector(".error")?.remove();
    if (error.textContent) root.append(error);
  };
  receive(one, data);
  one.draw();
}
