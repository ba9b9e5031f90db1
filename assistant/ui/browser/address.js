// The address names what the page shows, so that a reload, a link, and the browser's button back find
// it again. Streamlit drops the query when it goes to another page, and what its server puts there is
// a page more for the button back: here the address is written over.
const OURS = ["library", "c"];

const nameAddress = (named) => {
  if (location.pathname !== `/${named.page}`) return; // on the way to another page
  const url = new URL(location.href);
  for (const name of OURS) {
    if (named[name]) url.searchParams.set(name, named[name]);
    else url.searchParams.delete(name);
  }
  if (url.href !== location.href) history.replaceState(history.state, "", url);
};

// In a new tab a link leads to the same library.
const nameLinks = (named) => {
  for (const link of document.querySelectorAll('a[data-testid="stSidebarNavLink"]')) {
    const url = new URL(link.href);
    if (named.library) url.searchParams.set("library", named.library);
    else url.searchParams.delete("library");
    if (url.href !== link.href) link.href = url.href;
  }
};

const rememberLibrary = (cookie, named) => {
  if (named.library) keepCookie(cookie, encodeURIComponent(named.library));
};
