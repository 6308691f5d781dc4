/**
 * Characters of several bytes that the platform's decoders read otherwise than MySQL does, or not at all: the bytes in hexadecimal, and the
 * character the server converts them to. Of euckr the Hangul syllables beyond KS X 1001 are in `extendedHangul`.
 */
const differing: Readonly<Record<string, string>> = {
  big5: 'a145•a1c2‾a1e3∼a1f2♁a1f3☉a244¥a246¢a247£c6a1ヾc6a2ゝc6a3ゞc6a4々c6a5ぁc6a6あc6a7ぃc6a8いc6a9ぅc6aaうc6abぇc6acえc6adぉc6aeおc6afかc6b0がc6b1きc6b2ぎc6b3くc6b4ぐc6b5けc6b6げc6b7こc6b8ごc6b9さc6baざc6bbしc6bcじc6bdすc6beずc6bfせc6c0ぜc6c1そc6c2ぞc6c3たc6c4だc6c5ちc6c6ぢc6c7っc6c8つc6c9づc6caてc6cbでc6ccとc6cdどc6ceなc6cfにc6d0ぬc6d1ねc6d2のc6d3はc6d4ばc6d5ぱc6d6ひc6d7びc6d8ぴc6d9ふc6daぶc6dbぷc6dcへc6ddべc6deぺc6dfほc6e0ぼc6e1ぽc6e2まc6e3みc6e4むc6e5めc6e6もc6e7ゃc6e8やc6e9ゅc6eaゆc6ebょc6ecよc6edらc6eeりc6efるc6f0れc6f1ろc6f2ゎc6f3わc6f4ゐc6f5ゑc6f6をc6f7んc6f8ァc6f9アc6faィc6fbイc6fcゥc6fdウc6feェc740エc741ォc742オc743カc744ガc745キc746ギc747クc748グc749ケc74aゲc74bコc74cゴc74dサc74eザc74fシc750ジc751スc752ズc753セc754ゼc755ソc756ゾc757タc758ダc759チc75aヂc75bッc75cツc75dヅc75eテc75fデc760トc761ドc762ナc763ニc764ヌc765ネc766ノc767ハc768バc769パc76aヒc76bビc76cピc76dフc76eブc76fプc770ヘc771ベc772ペc773ホc774ボc775ポc776マc777ミc778ムc779メc77aモc77bャc77cヤc77dュc77eユc7a1ョc7a2ヨc7a3ラc7a4リc7a5ルc7a6レc7a7ロc7a8ヮc7a9ワc7aaヰc7abヱc7acヲc7adンc7aeヴc7afヵc7b0ヶc7b1Дc7b2Еc7b3Ёc7b4Жc7b5Зc7b6Иc7b7Йc7b8Кc7b9Лc7baМc7bbУc7bcФc7bdХc7beЦc7bfЧc7c0Шc7c1Щc7c2Ъc7c3Ыc7c4Ьc7c5Эc7c6Юc7c7Яc7c8аc7c9бc7caвc7cbгc7ccдc7cdеc7ceёc7cfжc7d0зc7d1иc7d2йc7d3кc7d4лc7d5мc7d6нc7d7оc7d8пc7d9рc7daсc7dbтc7dcуc7ddфc7deхc7dfцc7e0чc7e1шc7e2щc7e3ъc7e4ыc7e5ьc7e6эc7e7юc7e8яc7e9①c7ea②c7eb③c7ec④c7ed⑤c7ee⑥c7ef⑦c7f0⑧c7f1⑨c7f2⑩c7f3⑴c7f4⑵c7f5⑶c7f6⑷c7f7⑸c7f8⑹c7f9⑺c7fa⑻c7fb⑼c7fc⑽',
  eucjpms:
    '8ff3f3ⅰ8ff3f4ⅱ8ff3f5ⅲ8ff3f6ⅳ8ff3f7ⅴ8ff3f8ⅵ8ff3f9ⅶ8ff3faⅷ8ff3fbⅸ8ff3fcⅹ8ff4ae炻8ff4af仼8ff4b0僴8ff4b1凬8ff4b2匇8ff4b3匤8ff4b5咊8ff4b6坙8ff4b9增8ff4ba寬8ff4bb峵8ff4bc嵓8ff4be德8ff4bf悅8ff4c0愠8ff4c1敎8ff4c2昻8ff4c3晥8ff4c6栁8ff4c9橫8ff4ca櫢8ff4cb淸8ff4cc淲8ff4cd瀨8ff4d0甁8ff4d1皂8ff4d2皞8ff4d4礰8ff4d9竧8ff4dc綠8ff4dd緖8ff4df荢8ff4e1薰8ff4e4蠇8ff4e6譿8ff4e7賴8ff4e8赶8ff4ec郞8ff4ee鄕8ff4f1閒8ff4f4霻8ff4f5靍8ff4f6靑8ff4fa馞8ff4fb髙8ff4fc魲8ff4fe黑',
  euckr: 'a2e6€a2e7®',
  gb2312: 'a1a4・a1aa―',
  sjis: '815f\\',
};

/** A character's bytes as one number, and the character. */
export type Exceptions = ReadonlyMap<number, string>;

const firstSyllable = 0xac00;
const lastSyllable = 0xd7a3;

/**
 * Unified Hangul Code: the syllables that KS X 1001 lacks, in Unicode's order, in the places that it leaves free: lead bytes 0x81 to 0xc6,
 * behind them letters and what is above 0x80, below 0xa1 where KS X 1001 begins.
 */
function extendedHangul(): [number, string][] {
  const decoder = new TextDecoder('euc-kr');
  const standard = new Set<string>();
  for (let lead = 0xb0; lead <= 0xc8; lead++)
    for (let trail = 0xa1; trail <= 0xfe; trail++) standard.add(decoder.decode(Uint8Array.of(lead, trail)));
  const found: [number, string][] = [];
  let syllable = firstSyllable;
  for (let lead = 0x81; lead <= 0xc6; lead++) {
    for (const [first, last] of [[0x41, 0x5a] as const, [0x61, 0x7a] as const, [0x81, lead <= 0xa0 ? 0xfe : 0xa0] as const]) {
      for (let trail = first; trail <= last; trail++) {
        while (standard.has(String.fromCharCode(syllable))) syllable++;
        if (syllable > lastSyllable) return found;
        found.push([(lead << 8) | trail, String.fromCharCode(syllable++)]);
      }
    }
  }
  return found;
}

/** null: the platform reads that character set as MySQL does. */
export function charsetExceptions(charset: string): Exceptions | null {
  const listed = differing[charset];
  if (listed === undefined) return null;
  const pairs = [...listed.matchAll(/([0-9a-f]{6}|[0-9a-f]{4})([^0-9a-f])/gu)].map(
    ([, hex, character]) => [Number.parseInt(hex!, 16), character!] as const,
  );
  return new Map([...pairs, ...(charset === 'euckr' ? extendedHangul() : [])]);
}

/** How many bytes a character has that begins with this one, which is above 0x7f. */
export function characterBytes(charset: string, lead: number): number {
  if (charset === 'eucjpms') return lead === 0x8f ? 3 : 2;
  // Half-width katakana.
  if (charset === 'sjis' && lead >= 0xa1 && lead <= 0xdf) return 1;
  return 2;
}
