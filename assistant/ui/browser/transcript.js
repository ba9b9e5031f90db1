// While a recording plays, marks the line of the transcript that is heard and keeps it in view; a
// click on a time plays from there.
const panel = () => document.querySelector(".st-key-page");

const seek = (player, seconds) => {
  player.currentTime = seconds;
  player.play().catch(() => {}); // a browser may want a click on the player itself first
};

const begun = (clock) => Number(clock.dataset.at);

const makeTimes = (player, words) => {
  for (const clock of panel()?.querySelectorAll(".text-page .clock[data-at]:not([role])") ?? []) {
    clock.setAttribute("role", "button");
    clock.setAttribute("tabindex", "0");
    clock.setAttribute("aria-label", words.replace("{time}", clock.textContent));
    clock.onclick = () => seek(player(), begun(clock));
    clock.onkeydown = (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      seek(player(), begun(clock));
    };
  }
};

const follow = (player) => {
  const clocks = [...(panel()?.querySelectorAll(".text-page .clock[data-at]") ?? [])];
  const now = clocks.filter((clock) => begun(clock) <= player.currentTime + 0.05).at(-1);
  for (const clock of clocks) clock.parentElement.classList.toggle("heard", clock === now);
  if (now && !player.paused) now.scrollIntoView({ block: "nearest" });
};

export default function ({ data, parentElement }) {
  const until = drawnAnew(parentElement);
  const player = () => panel()?.querySelector(".st-key-player audio, .st-key-player video");
  const onTime = (event) => event.target === player() && follow(event.target);
  makeTimes(player, data.words.play);
  document.addEventListener("timeupdate", onTime, true); // it does not bubble
  return until(() => document.removeEventListener("timeupdate", onTime, true));
}
