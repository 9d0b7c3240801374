/** Whether an email's body carries a sentence, however its template wrapped and escaped it. Pure. */

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', rsquo: "'", lsquo: "'", rdquo: '"', ldquo: '"', ndash: '-', mdash: '-', hellip: '...' };

const NOT_SHOWN = /<!--[\s\S]*?-->|<(style|script|head)\b[\s\S]*?<\/\1\s*>/gi;

export function carriesSentence(body: string, sentence: string): boolean {
  const wanted = essenceOf(sentence);
  return wanted !== '' && essenceOf(body).includes(wanted);
}

/** The variable's name is still there, to be filled when the email is sent. */
export function awaitsVariable(body: string, variable: string): boolean {
  return new RegExp(`\\{\\{?\\s*${variable}\\s*\\}?\\}`, 'i').test(decodeEntities(body));
}

/** Letters, digits and signs alone: editors add tags, and both sides fold spaces and quotes as they like. */
function essenceOf(html: string): string {
  return decodeEntities(html.replace(NOT_SHOWN, '').replace(/<\/?[a-z][^>]*>/gi, ''))
    .normalize('NFKC')
    .replace(/[\u2018\u2019\u02bc]/g, "'")
    .replace(/[\u201c\u201d]/g, '"')
    .replace(/[\u2010-\u2015\u2212]/g, '-')
    .replace(/[\s\p{Cf}]+/gu, '');
}

function decodeEntities(html: string): string {
  return html.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,8});/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return NAMED[name.toLowerCase()] ?? whole;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
