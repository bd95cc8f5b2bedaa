"use strict";
// Text that export.py packed: its size in bytes, a space, and base64 of raw DEFLATE (RFC 1951). Unpacked here and not by
// DecompressionStream, which answers later: a page that is being printed cannot wait, and some browsers lack it.
const unpacked = (() => {
  const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
  const LENGTHS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];  // extra bits
  const DISTANCES = [0, 0, ...Array.from({length: 28}, (_, i) => i >> 1)];
  const starts = (extra, first) => extra.map((_, i) => extra.slice(0, i).reduce((sum, bits) => sum + (1 << bits), first));
  const LENGTH_FROM = [...starts(LENGTHS, 3).slice(0, -1), 258], DISTANCE_FROM = starts(DISTANCES, 1);
  const damaged = () => new Error("packed text is damaged");

  // A Huffman code as a table: the next bits lead to a symbol and to the number of bits that it takes
  function table(lengths) {
    const most = Math.max(...lengths), found = new Uint16Array(1 << most);
    for (let length = 1, code = 0; length <= most; length++, code <<= 1) {
      for (let symbol = 0; symbol < lengths.length; symbol++) {
        if (lengths[symbol] !== length) continue;
        let place = 0;
        for (let bit = 0; bit < length; bit++) place |= (code >> bit & 1) << length - 1 - bit;
        for (; place < found.length; place += 1 << length) found[place] = symbol << 4 | length;
        code++;
      }
    }
    return found;
  }

  const repeated = (...runs) => runs.flatMap(([value, times]) => Array(times).fill(value));
  const FIXED = [table(repeated([8, 144], [9, 112], [7, 24], [8, 8])), table(repeated([5, 30]))];

  function inflated(packed, size) {
    const out = new Uint8Array(size);
    let next = 0, held = 0, n_held = 0, n_out = 0;
    function bits(n) {
      for (; n_held < n; n_held += 8) held |= packed[next++] << n_held;
      const value = held & (1 << n) - 1;
      held >>>= n;
      n_held -= n;
      return value;
    }

    function codes() {
      const n_literals = bits(5) + 257, n_distances = bits(5) + 1, own = Array(19).fill(0), lengths = [];
      for (let i = 0, n = bits(4) + 4; i < n; i++) own[ORDER[i]] = bits(3);
      for (const code = table(own), mask = code.length - 1; lengths.length < n_literals + n_distances;) {
        for (; n_held < 7; n_held += 8) held |= packed[next++] << n_held;
        const entry = code[held & mask], one = entry >> 4;
        bits(entry & 15);
        if (one < 16) lengths.push(one);
        else if (one === 16) lengths.push(...Array(bits(2) + 3).fill(lengths[lengths.length - 1]));
        else lengths.push(...Array(one === 17 ? bits(3) + 3 : bits(7) + 11).fill(0));
      }
      return [table(lengths.slice(0, n_literals)), table(lengths.slice(n_literals))];
    }

    // Nearly all the time is spent here, so the state is in local variables, which is twice as fast
    function block(literals, distances) {
      const literal_mask = literals.length - 1, distance_mask = distances.length - 1;
      let at = next, bits = held, n = n_held, place = n_out;
      while (place <= size && at <= packed.length + 4) {
        for (; n < 15; n += 8) bits |= packed[at++] << n;
        const entry = literals[bits & literal_mask], one = entry >> 4;
        bits >>>= entry & 15;
        n -= entry & 15;
        if (one < 256) { out[place++] = one; continue; }
        if (one === 256) break;
        for (; n < 5; n += 8) bits |= packed[at++] << n;
        const extra = LENGTHS[one - 257], end = place + LENGTH_FROM[one - 257] + (bits & (1 << extra) - 1);
        bits >>>= extra;
        n -= extra;
        for (; n < 15; n += 8) bits |= packed[at++] << n;
        const far = distances[bits & distance_mask], more = DISTANCES[far >> 4];
        bits >>>= far & 15;
        n -= far & 15;
        for (; n < more; n += 8) bits |= packed[at++] << n;
        const back = DISTANCE_FROM[far >> 4] + (bits & (1 << more) - 1);
        bits >>>= more;
        n -= more;
        if (!(end <= size && back <= place)) throw damaged();
        for (; place < end; place++) out[place] = out[place - back];
      }
      next = at; held = bits; n_held = n; n_out = place;
    }

    for (let last = 0; !last;) {
      if (n_out > size || next > packed.length + 4) throw damaged();
      last = bits(1);
      const kind = bits(2);
      if (kind) block(...(kind === 1 ? FIXED : codes()));
      else {
        bits(n_held & 7);
        const n = bits(16);
        bits(16);  // n once more, inverted
        for (let i = 0; i < n; i++) out[n_out++] = bits(8);
      }
    }
    if (n_out !== size) throw damaged();
    return out;
  }

  return text => {
    const [size, code] = text.split(" "), binary = atob(code), packed = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) packed[i] = binary.charCodeAt(i);
    return new TextDecoder().decode(inflated(packed, Number(size)));
  };
})();
