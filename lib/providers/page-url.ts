/**
 * The page that a booking link opens: without query and fragment, on the link's own host. Slashes that stand doubled (a link put
 * together from "https://host/" and "/path") count once; left as they are, `//name` would be read as another host's address.
 */
export function pageUrlOf({ origin, pathname }: URL): URL {
  return new URL(origin + pathname.replace(/\/{2,}/g, '/'));
}
