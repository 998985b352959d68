const MAX_LENGTH = 300;

/**
 * Makes a text from outside harmless in a journal of any of the three programs: one line, no
 * control or invisible character, no run of spaces, and none of the marks that begin a comment,
 * end a string, or divide payee from note. What is left cannot begin a leg or a directive, since
 * it always stands after a date and a code, or inside quotes.
 */
export function harmlessText(text: string): string {
  const line = text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Z}]+/gu, ' ')
    .replace(/[;|]/g, ',')
    .replaceAll('"', "'")
    .replaceAll('\\', '/')
    .trim();
  if (line === '') return '(no description)';
  // A cut between the halves of a surrogate pair would leave half a character.
  return line
    .slice(0, MAX_LENGTH)
    .replace(/\p{Cs}/gu, '')
    .trim();
}

/** An id inside the brackets of a code: letters, digits and a few marks, nothing else. */
export function harmlessCode(text: string): string {
  return text.replace(/[^A-Za-z0-9._:-]/g, '-');
}
