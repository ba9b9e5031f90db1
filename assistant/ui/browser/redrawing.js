// Streamlit calls a component's clean-up only when the component goes, not when it is drawn again:
// a drawing first stops what the one before listens to, or each key would be heard twice.
const stops = new WeakMap(); // by the component's place on the page

const drawnAnew = (place) => {
  stops.get(place)?.();
  stops.delete(place);
  return (stop) => {
    stops.set(place, stop);
    return stop;
  };
};

