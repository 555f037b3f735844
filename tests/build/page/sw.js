const list = new URL("./precache.json", self.location.href);
addEventListener("install", () => list);
