// The composer: a field that grows, files that are dropped, pasted or chosen, a menu of what else can
// be given, and Send, in whose place Stop stands while an answer is written.
const PAUSE = 700; // milliseconds without a key: long enough to read ahead what is typed
const LEAST = 3; // words that are worth it
const OFFERED = ".st-key-suggestions button, .st-key-follow-ups button";
const PLUS = "M9 3h2v6h6v2h-6v6H9v-6H3V9h6z";
const UP = "M10 3l6 6-1.4 1.4L11 6.8V17H9V6.8l-3.6 3.6L4 9z";
const SQUARE = "M5 5h10v10H5z";
const CROSS = "M5.3 4 10 8.6 14.7 4 16 5.3 11.4 10l4.6 4.7-1.3 1.3-4.7-4.6L5.3 16 4 14.7 8.6 10 4 5.3z";
const TICK = "M8 14.6 3.4 10l1.4-1.4L8 11.8l7.2-7.2L16.6 6z";

// -- files: Streamlit's own field, which is not shown, takes them to the server

const uploader = () => document.querySelector('.st-key-composer input[type="file"]');

const give = (root, files) => {
  const { largest, words } = root.given.data;
  const carried = new DataTransfer();
  let room = largest; // for all of them
  root.lost = [];
  for (const file of files) {
    if (file.size > room) root.lost.push({ name: file.name, words: words.large });
    else carried.items.add(file);
    room -= file.size > room ? 0 : file.size;
  }
  render(root);
  if (!carried.files.length) return;
  const field = uploader();
  field.files = carried.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
};

// Its own chips, which are not shown, say that a file did not arrive; and what has come for a minute
// was cut.
const ARRIVES = 60000; // milliseconds

const lose = (root, names) => {
  const { words } = root.given.data;
  const lost = root.coming.filter((name) => names.includes(name));
  if (!lost.length) return;
  root.coming = root.coming.filter((name) => !names.includes(name));
  root.lost.push(...lost.map((name) => ({ name, words: words.cut })));
  root.waits = false;
  render(root);
};

const expectFiles = (root, names) => {
  root.coming = names;
  clearTimeout(root.patience);
  root.patience = setTimeout(() => lose(root, root.coming), ARRIVES);
  root.arrival?.disconnect();
  root.arrival = new MutationObserver(() => {
    for (const sign of document.querySelectorAll('.st-key-composer [data-testid="stFileChipIconError"]')) {
      const failed = sign.closest('[data-testid="stFileChip"]');
      lose(root, [failed.querySelector('[data-testid="stFileChipName"]').title]);
      failed.querySelector('[data-testid="stFileChipDeleteBtn"] button')?.click();
    }
  });
  root.arrival.observe(document.querySelector(".st-key-composer"), { childList: true, subtree: true });
};

const chip = (root, file) => {
  const { words } = root.given.data;
  const item = make("li", `file ${file.state}`);
  item.append(make("b", "", file.name), " ", make("span", "", file.words));
  if (file.into) {
    const add = make("button", "into", file.into, { type: "button" });
    add.dataset.name = `add ${file.id}`;
    add.onclick = () => root.given.act({ do: "add", id: file.id });
    item.append(add);
  }
  const drop = () => {
    if (file.id) return root.given.act({ do: "drop", id: file.id });
    root.coming = root.lost = [];
    render(root);
  };
  item.append(iconButton(CROSS, drop, "", words.remove.replace("{name}", file.name)));
  item.lastChild.dataset.name = `drop ${file.id ?? file.name}`;
  return item;
};

const files = (root) => {
  const { data } = root.given;
  const coming = root.coming.map((name) => ({ name, state: "reading", words: data.words.coming }));
  const lost = root.lost.map((file) => ({ ...file, state: "refused" }));
  return [...data.files, ...coming, ...lost];
};

// -- the microphone

const listen = async (root) => {
  const { data, act } = root.given;
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    root.said = data.words.deaf;
    return render(root);
  }
  if (!root.isConnected) return stream.getTracks().forEach((track) => track.stop());
  const kind = ["audio/webm", "audio/ogg", "audio/mp4"].find((one) => MediaRecorder.isTypeSupported(one));
  const recorder = new MediaRecorder(stream, { mimeType: kind });
  const pieces = [];
  recorder.ondataavailable = (event) => pieces.push(event.data);
  recorder.onstop = () => {
    stream.getTracks().forEach((track) => track.stop());
    clearInterval(root.clock);
    root.recorder = null;
    if (!recorder.cancelled) {
      act({ do: "speak", text: root.text.value.trim() });
      write(root, "");
      const ending = kind === "audio/mp4" ? "m4a" : kind.slice(6);
      give(root, [new File(pieces, `${data.spoken}.${ending}`, { type: kind })]);
    }
    if (root.isConnected) render(root);
  };
  const begun = Date.now();
  root.clock = setInterval(() => {
    const seconds = Math.floor((Date.now() - begun) / 1000);
    root.querySelector(".clock").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }, 250);
  recorder.start();
  root.recorder = recorder;
  render(root);
};

const endListening = (root, cancelled) => {
  root.recorder.cancelled = cancelled;
  root.recorder.stop();
};

// -- the menu: by "+" with all there is, by "/" with what begins as the letters do

const BEGUN = /^\/([A-Za-z]*)$/;

const hide = (root) => {
  root.menu.hidden = true;
  root.menu.replaceChildren();
  root.plus.setAttribute("aria-expanded", "false");
  for (const name of ["aria-controls", "aria-activedescendant"]) root.text.removeAttribute(name);
};

const pick = (root, at) => {
  const options = [...root.menu.children];
  const now = options[(at + options.length) % options.length];
  for (const one of options) one.setAttribute("aria-selected", String(one === now));
  root.text.setAttribute("aria-activedescendant", now.id);
  now.scrollIntoView({ block: "nearest" });
};

const picked = (root) => [...root.menu.children].findIndex((one) => one.ariaSelected === "true");

const take = (root, entry) => {
  hide(root);
  if (BEGUN.test(root.text.value)) write(root, "");
  root.text.focus();
  if (entry.does === "files") uploader().click();
  else if (entry.does === "record") listen(root);
  else if (entry.does) root.given.act({ do: entry.does });
  else write(root, `/${entry.name} ${root.text.value}`);
};

const openMenu = (root, begun) => {
  const { data } = root.given;
  const all = [...data.entries, ...data.commands];
  const found = all.filter((one) => one.name.toLowerCase().startsWith(begun));
  if (!found.length) return hide(root);
  root.menu.replaceChildren(...found.map((entry) => {
    const option = make("div", "", "", { role: "option", id: `command-${entry.name}` });
    option.append(make("b", "", entry.does ? entry.what : `/${entry.name}`));
    if (!entry.does) option.append(" ", make("span", "", entry.what));
    option.entry = entry;
    option.onpointerdown = (event) => event.preventDefault(); // the field keeps the keyboard
    option.onclick = () => take(root, entry);
    return option;
  }));
  root.menu.hidden = false;
  root.text.setAttribute("aria-controls", "commands");
  root.plus.setAttribute("aria-expanded", "true");
  pick(root, 0);
};

const inMenu = (root, event) => {
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in steps) pick(root, picked(root) + steps[event.key]);
  else if (event.key === "Escape") hide(root);
  else if (event.key === "Enter" || event.key === "Tab") {
    const { entry } = root.menu.children[picked(root)];
    const typed = root.text.value.toLowerCase() === `/${entry.name}`;
    if (event.key === "Enter" && typed && entry.alone) return send(root); // nothing is left to complete
    take(root, entry);
  } else return;
  event.preventDefault();
  event.stopPropagation();
};

// -- the question

const write = (root, words) => {
  root.text.value = words;
  grow(root);
};

const grow = (root) => {
  root.text.style.height = "auto";
  root.text.style.height = `${root.text.scrollHeight}px`;
};

// Files that are on their way, or being read, are waited for; one that is refused keeps the question.
const send = (root) => {
  const { data, act } = root.given;
  hide(root);
  const every = files(root);
  root.waits = every.some((one) => one.state === "reading");
  const words = root.text.value.trim();
  const speaks = every.some((one) => one.state === "ready" && one.alone);
  if (root.waits || !(words || speaks)) return render(root);
  clearTimeout(root.pause);
  act({ do: "ask", text: words });
  write(root, "");
  root.lost = [];
  render(root);
};

const ahead = (root, words) => {
  clearTimeout(root.pause);
  const { data, pauses } = root.given;
  if (!data.ahead || words.startsWith("/") || words.split(/\s+/).length < LEAST) return;
  root.pause = setTimeout(() => pauses(words), PAUSE);
};

// -- drawing

const build = (root) => {
  root.coming = [];
  root.lost = [];
  root.acts = [];
  root.said = "";
  root.text = make("textarea", "", "", { rows: 1, "data-testid": "composer" });
  root.list = make("ul", "files");
  root.line = make("ol", "line");
  root.menu = make("div", "menu", "", { role: "listbox", id: "commands", hidden: "" });
  root.plus = iconButton(PLUS, () => {
    root.text.focus();
    if (root.menu.hidden) openMenu(root, "");
    else hide(root);
  }, "plus");
  root.plus.onpointerdown = (event) => event.preventDefault();
  root.plus.setAttribute("aria-haspopup", "listbox");
  root.row = make("div", "row");
  root.status = make("div", "status", "", { role: "status" });
  root.text.oninput = () => {
    grow(root);
    if (root.given.data.busy) render(root); // Send stands beside Stop
    const begun = root.text.value.match(BEGUN);
    if (begun) openMenu(root, begun[1].toLowerCase());
    else hide(root);
    ahead(root, root.text.value.trim());
  };
  root.text.onkeydown = (event) => {
    if (event.isComposing || event.keyCode === 229) return; // an input method chooses its letters
    if (!root.menu.hidden) inMenu(root, event);
    if (event.defaultPrevented || event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    send(root);
  };
  root.text.onblur = () => hide(root);
  root.text.onpaste = (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    give(root, event.clipboardData.files);
  };
  root.append(root.line, root.list, root.text, root.status, root.row, root.menu);
};

const buttons = (root) => {
  const { data, act } = root.given;
  const { words } = data;
  if (root.recorder) {
    return [
      make("span", "clock", "0:00"),
      iconButton(CROSS, () => endListening(root, true), "", words.cancel),
      iconButton(TICK, () => endListening(root, false), "send", words.finish),
    ];
  }
  const submit = iconButton(UP, () => send(root), "send", words.send);
  if (data.busy) {
    const typed = root.text.value.trim();
    const stop = iconButton(SQUARE, () => act({ do: "stop" }), typed ? "stop" : "send", words.stop);
    stop.dataset.name = "stop"; // where Send was pressed the keyboard is in the field, and not here
    stop.disabled = data.stopping || !data.stops;
    return typed ? [stop, submit] : [stop];
  }
  return [submit];
};

const render = (root) => {
  const { data, act } = root.given;
  const here = focusedNow();
  const part = [root.list, root.line, root.row].find((one) => one.contains(here));
  const named = (button) => button.dataset.name ?? button.className;
  root.list.replaceChildren(...files(root).map((file) => chip(root, file)));
  root.line.replaceChildren(...data.line.map(({ id, text }) => {
    const item = make("li", "", text);
    item.append(iconButton(CROSS, () => act({ do: "unline", id }), "", data.words.unline));
    item.lastChild.dataset.name = id;
    return item;
  }));
  const queued = data.refused || (data.line.length ? data.words.queued : root.said);
  root.status.textContent = data.stopping ? data.words.stopping : root.waits ? data.words.waits : queued;
  root.row.replaceChildren(root.plus, ...buttons(root));
  // The chips, which are no part of this component, make room for the clock.
  document.querySelector(".st-key-composer").dataset.recording = String(Boolean(root.recorder));
  if (!part) return;
  const same = [...part.querySelectorAll("button:enabled")].find((one) => named(one) === named(here));
  (same ?? root.text).focus();
};

// The keyboard is in the field when the app is opened; on telephones it would raise the keys over the
// page.
const begin = (root) => {
  if (window.pinciteBegun || !window.matchMedia("(pointer: fine)").matches) return;
  window.pinciteBegun = true;
  if (focusedNow() === document.body) root.text.focus({ preventScroll: true });
};

// While an answer is written the page stays at its end, unless the person has gone up; a new question
// is always seen.
const follow = (root) => {
  const { conversation } = root.given.data;
  if (root.conversation !== conversation) root.asked = 0;
  root.conversation = conversation;
  const main = document.querySelector('[data-testid="stMain"]');
  const asked = main.querySelectorAll(".question").length;
  root.atEnd ||= asked > root.asked;
  root.asked = asked;
  let before = main.scrollTop;
  const onScroll = () => {
    const near = main.scrollHeight - main.scrollTop - main.clientHeight < 60;
    // The page may have grown since it was scrolled to its end: only who went up has left the end.
    if (near || main.scrollTop < before) root.atEnd = near;
    before = main.scrollTop;
  };
  const grown = new ResizeObserver(() => root.atEnd && root.asked && main.scrollTo(0, main.scrollHeight));
  grown.observe(main.querySelector('[data-testid="stMainBlockContainer"]'));
  main.addEventListener("scroll", onScroll);
  return () => {
    grown.disconnect();
    main.removeEventListener("scroll", onScroll);
  };
};

const hasFiles = (event) => event.dataTransfer?.types.includes("Files") &&
  !event.target.closest?.('[data-testid="stFileUploaderDropzone"], [role="dialog"]');

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".composer");
  const until = drawnAnew(parentElement);
  if (!root.text) build(root);
  if (root.given && root.given.data.batch !== data.batch) {
    root.coming = [];
    root.lost = root.lost.filter((one) => !data.files.some((file) => file.name === one.name));
  }
  root.acts = root.acts.filter((one) => one.number > data.done);
  root.given = {
    data,
    // The page learns the last value alone: with it goes what it has not done yet.
    act: (given) => {
      window.pinciteAct = Math.max(Date.now(), (window.pinciteAct ?? 0) + 1);
      root.acts.push({ ...given, number: window.pinciteAct });
      setTriggerValue("act", root.acts);
    },
    pauses: (words) => setTriggerValue("pause", words),
  };
  for (const [part, name] of [[root.text, "field"], [root.menu, "menu"], [root.list, "files"], [root.line, "line"]])
    part.setAttribute("aria-label", data.words[name]);
  root.plus.title = data.words.plus;
  root.plus.setAttribute("aria-label", data.words.plus);
  root.text.placeholder = data.hint;
  const [back, words] = data.back;
  if (back && window.pinciteBack !== back) write(root, [words, root.text.value].filter(Boolean).join("\n"));
  window.pinciteBack = back;
  const waited = root.waits && !files(root).some((one) => one.state === "reading");
  root.waits = root.waits && !waited;
  render(root);
  if (waited && !files(root).some((one) => one.state === "refused")) send(root);
  begin(root);

  const over = (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    root.classList.add("over");
  };
  const away = (event) => (event.relatedTarget ? 0 : root.classList.remove("over"));
  const drop = (event) => {
    root.classList.remove("over");
    if (!hasFiles(event)) return;
    event.preventDefault();
    give(root, event.dataTransfer.files);
  };
  const offered = (event) => {
    const button = event.target.closest?.(OFFERED);
    if (button) ahead(root, button.textContent.trim());
  };
  const coming = (event) => {
    if (event.target !== uploader()) return;
    expectFiles(root, [...event.target.files].map((file) => file.name));
    render(root);
  };
  const toField = (event) => {
    const free = !isField(focusedNow()) && !document.querySelector("dialog[open], [role=dialog]");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !free) return;
    event.preventDefault();
    root.text.focus();
  };
  const heard = { dragover: over, dragleave: away, drop, pointerover: offered, focusin: offered, keydown: toField, change: coming };
  for (const [name, act] of Object.entries(heard)) document.addEventListener(name, act, true);
  const unfollow = follow(root);
  return until(() => {
    unfollow();
    // The clean-up is also called by each drawing: the microphone goes off where the field is gone.
    setTimeout(() => root.recorder && !root.isConnected && endListening(root, true));
    for (const [name, act] of Object.entries(heard)) document.removeEventListener(name, act, true);
  });
}
