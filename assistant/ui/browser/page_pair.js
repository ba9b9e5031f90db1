// Brings the cited lines of both pages into view, and makes each side a region that the keyboard can
// scroll.
const SIDES = [".st-key-page-left", ".st-key-page-right"];

export default function ({ data, parentElement }) {
  const until = drawnAnew(parentElement);
  const sides = SIDES.map((side) => document.querySelector(side));
  if (!sides.every(Boolean)) return undefined;
  sides.forEach((side, at) => makeRegion(side, data.names[at]));
  // Pictures come later than this, and change their size when the window does.
  const sizes = new ResizeObserver(() =>
    sides.forEach((side, at) => {
      const image = side.querySelector("img");
      if (!image?.clientHeight || !data.at[at] || side.querySelector("mark.here")) return;
      const top = side.scrollTop + image.getBoundingClientRect().top - side.getBoundingClientRect().top;
      side.scrollTo({ top: top + data.at[at] * image.clientHeight - 0.35 * side.clientHeight });
    }));
  sides.forEach((side) => sizes.observe(side.querySelector('[class*="st-key-page-image"]') ?? side));
  return until(() => sizes.disconnect());
}
