// `languages.js` is made by site.py: the English words, and where those of the other languages are.
export const english: Record<string, string | Record<string, string>>;
export const others: Record<string, string>;
