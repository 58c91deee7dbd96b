"use strict";
(() => {
  const DAY_MS = 86400000;
  const FEW_DAYS = 14;
  const all = (choice, within = document) => [...within.querySelectorAll(choice)];
  const one = (choice, within = document) => within.querySelector(choice);

  // Texts as they are compared: without case, accents and the several widths of a letter.
  const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

  const cards = all(".card").map((element, place) => ({
    element,
    place,
    text: folded(all("h2, .about, .key, .chips li, dd", element).map((part) => part.textContent).join(" \n ")),
    facets: JSON.parse(element.dataset.facets),
    ranks: JSON.parse(element.dataset.ranks),
    ends: element.dataset.ends ? Number(element.dataset.ends) * 1000 : null,
  }));

  // Expiry: the page may be looked at long after it was made.

  const left = (card) => (card.ends === null ? null : Math.floor((card.ends - Date.now()) / DAY_MS));
  const standing = (card) => {
    const days = left(card);
    return days === null || days >= FEW_DAYS ? "" : days < 0 ? "past" : "near";
  };
  const inWords = (days) => {
    if (days < 0) return days === -1 ? "expired yesterday" : `expired ${-days} days ago`;
    return days === 0 ? "last day" : days === 1 ? "1 day left" : `${days} days left`;
  };
  for (const card of cards) {
    card.standing = standing(card);
    card.element.classList.remove("near", "past");
    if (card.standing) card.element.classList.add(card.standing);
    const days = one(".days", card.element);
    if (days && card.ends !== null) days.textContent = inWords(left(card));
  }

  // Finding

  const search = one("#search");
  const reset = one("#reset");
  const selects = all(".choices select");
  const order = one("#order");
  const list = one("#cards");
  const ENDS = { usable: (card) => card.standing !== "past", near: (card) => card.standing === "near",
    past: (card) => card.standing === "past" };

  const fits = (card, words) =>
    words.every((word) => card.text.includes(word)) &&
    selects.every((select) => {
      if (select === order || !select.value) return true;
      if (select.dataset.facet === "ends") return ENDS[select.value](card);
      return (card.facets[select.dataset.facet] || []).includes(select.value.slice(1));
    });

  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const compared = (rank, sign) => (first, second) => {
    const [a, b] = [first.ranks[rank], second.ranks[rank]];
    if (a === b) return first.place - second.place;
    // What says nothing comes last, whatever the direction.
    if (a === "") return 1;
    if (b === "") return -1;
    const difference = typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
    return sign * difference || first.place - second.place;
  };

  const find = () => {
    const words = folded(search.value).split(/\s+/).filter(Boolean);
    let count = 0;
    for (const card of cards) {
      const isShown = fits(card, words);
      card.element.hidden = !isShown;
      if (isShown) count += 1;
      else hush(card.element);
    }
    one("#shown").textContent = count === cards.length ? `${count} shown` : `${count} of ${cards.length}`;
    one("#none").hidden = count > 0;
    for (const select of selects) select.parentElement.classList.toggle("chosen", select.selectedIndex > 0);
    reset.disabled = !search.value && selects.every((select) => select.selectedIndex <= 0);
  };

  const arrange = () => {
    const [rank, direction] = order.value.split(" ");
    const sorted = [...cards];
    sorted.sort(rank ? compared(rank, direction === "down" ? -1 : 1) : (first, second) => first.place - second.place);
    list.append(...sorted.map((card) => card.element));
  };

  search.addEventListener("input", find);
  for (const select of selects) select.addEventListener("change", select === order ? () => { arrange(); find(); } : find);
  reset.addEventListener("click", () => {
    search.value = "";
    for (const select of selects) select.selectedIndex = 0;
    arrange();
    find();
    search.focus();
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input, select, textarea");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape" && event.target === search && search.value) {
      search.value = "";
      find();
    }
  });

  // Languages by name, where the browser knows them.
  for (const option of all('select[data-facet="language"] option')) {
    try {
      const name = new Intl.DisplayNames(["en"], { type: "language" }).of(option.value.slice(1));
      if (name && name !== option.value.slice(1)) option.textContent = `${name} · ${option.textContent}`;
    } catch {
      continue;
    }
  }

  // Keys

  const copied = async (text, element) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const range = document.createRange();
      range.selectNodeContents(element);
      const selection = getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      return document.execCommand("copy");
    }
  };
  for (const button of all(".copy")) {
    button.addEventListener("click", async () => {
      const key = one(".key", button.parentElement);
      const isDone = await copied(key.textContent, key);
      button.textContent = isDone ? "Copied" : "Press Ctrl+C";
      button.classList.toggle("done", isDone);
      one("#said").textContent = isDone ? "The key is copied" : "The key is selected";
      setTimeout(() => {
        button.textContent = "Copy";
        button.classList.remove("done");
      }, 1600);
    });
  }

  // Pictures

  const broken = (element) => {
    const stage = element.closest(".stage, .sample");
    if (element.closest(".thumb")) element.closest(".thumb").hidden = true;
    else if (element.matches("video")) still(stage, "The clip can't be loaded");
    else if (element.matches("img")) {
      // Another picture will do.
      element.hidden = true;
      const next = all(".thumb", stage).find((thumb) => !thumb.hidden);
      if (next) {
        next.click();
        next.hidden = true;
        element.hidden = false;
      } else one(".problem", stage).hidden = false;
    } else {
      for (const part of all("audio, .round, .course, .time", stage)) part.hidden = true;
      one(".problem", stage).hidden = false;
    }
  };
  document.addEventListener("error", (event) => {
    if (event.target instanceof Element && event.target.closest(".stage, .sample")) broken(event.target);
  }, true);

  for (const thumb of all(".thumb")) {
    thumb.addEventListener("click", () => {
      const [large, small] = [one("img", thumb.closest(".stage")), one("img", thumb)];
      const [source, title] = [large.getAttribute("src"), large.dataset.title];
      large.src = small.getAttribute("src");
      large.dataset.title = small.dataset.title;
      large.alt = `${small.dataset.title} of ${large.dataset.of}`;
      small.src = source;
      small.dataset.title = title;
      thumb.setAttribute("aria-label", `Show ${title}`);
      thumb.title = title;
    });
  }

  // Clips: without sound, on a click or while the pointer rests on them.

  const still = (stage, reason) => {
    const [video, button] = [one("video", stage), one(".round", stage)];
    video.pause();
    video.hidden = true;
    button.classList.remove("playing");
    button.setAttribute("aria-pressed", "false");
    if (reason) {
      button.hidden = true;
      one("#said").textContent = reason;
    }
  };
  const play = (stage) => {
    const [video, button] = [one("video", stage), one(".round", stage)];
    if (button.hidden) return;
    button.classList.add("playing");
    button.setAttribute("aria-pressed", "true");
    video.muted = true;
    video.play().then(
      () => { video.hidden = !button.classList.contains("playing"); },
      () => still(stage),
    );
  };
  const rests = matchMedia("(hover: hover) and (prefers-reduced-motion: no-preference)");
  for (const video of all(".stage video")) {
    const [stage, button] = [video.closest(".stage"), one(".round", video.closest(".stage"))];
    button.hidden = false;
    let waiting = 0;
    let isHeld = false;
    button.addEventListener("click", () => {
      const isOn = button.classList.contains("playing");
      isHeld = !isOn || !isHeld;
      if (isHeld) play(stage);
      else still(stage);
    });
    stage.addEventListener("pointerenter", (event) => {
      if (rests.matches && event.pointerType === "mouse") waiting = setTimeout(() => play(stage), 250);
    });
    stage.addEventListener("pointerleave", () => {
      clearTimeout(waiting);
      if (!isHeld) still(stage);
    });
  }

  // Samples: one at a time.

  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  const hush = (within, except) => {
    for (const sound of all("audio, video", within)) {
      if (sound === except || sound.paused) continue;
      if (sound.matches("video")) still(sound.closest(".stage"));
      else sound.pause();
    }
  };
  for (const audio of all(".sample audio")) {
    const box = audio.parentElement;
    const [button, course, time] = [one(".round", box), one(".course", box), one(".time", box)];
    audio.controls = false;
    for (const part of [button, course, time]) part.hidden = false;
    button.addEventListener("click", () => {
      if (!audio.paused) return audio.pause();
      hush(document, audio);
      // A link that is broken is told by its error event.
      audio.play().catch(() => audio.pause());
    });
    const isOn = (is) => {
      button.classList.toggle("playing", is);
      button.setAttribute("aria-pressed", String(is));
    };
    audio.addEventListener("play", () => isOn(true));
    audio.addEventListener("pause", () => isOn(false));
    audio.addEventListener("ended", () => { isOn(false); course.value = 0; });
    audio.addEventListener("timeupdate", () => {
      if (Number.isFinite(audio.duration)) course.value = (1000 * audio.currentTime) / audio.duration;
      time.textContent = clock(audio.currentTime);
    });
    course.addEventListener("input", () => {
      if (Number.isFinite(audio.duration)) audio.currentTime = (course.value / 1000) * audio.duration;
    });
  }

  // On paper everything is there that is shown.
  addEventListener("beforeprint", () => {
    for (const picture of all("img[loading]")) picture.loading = "eager";
  });

  // What failed before this script began.
  for (const picture of all(".stage img")) if (picture.complete && !picture.naturalWidth) broken(picture);
  one(".tools").hidden = false;
  arrange();
  find();
  document.documentElement.dataset.ready = "yes";
})();
