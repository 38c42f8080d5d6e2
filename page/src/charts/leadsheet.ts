// The chart on the stage: the row of now and those after it, with the tune and the section above, for people three
// metres away.  Without a chart it says in a line what form was found by ear.

import { el, find, say } from "../dom";
import type { Store } from "../store";
import { placeInSong } from "./layout";
import type { Song } from "./song";
import { SheetView } from "./view";

export class LeadSheet {
  constructor(store: Store, song: Song) {
    const root = find("lead-sheet");
    const place = el("p", { class: "song-place" });
    const sheet = el("div", { class: "sheet" });
    const view = new SheetView(sheet);
    root.append(place, sheet);
    const show = (): void => {
      say(place, placeInSong(store.state));
      sheet.hidden = song.sheet === null;
      place.hidden = place.textContent === "";
      root.hidden = sheet.hidden && place.hidden;
      view.light(store.state.song?.bar);
    };
    song.onSheet((found) => {
      view.show(found);
      show();
    });
    store.onState(["song", "form"], show);
  }
}
