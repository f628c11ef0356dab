/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-error.h"
#include "channels-test-hex.h"
#include "msgpack-values.h"

#include <math.h>
#include <string.h>

static GVariant *
parse (const char *text)
{
  return g_variant_ref_sink (g_variant_new_parsed (text));
}

static void
assert_hex (const GByteArray *bytes, const char *hex)
{
  g_autofree char *found = channels_test_to_hex (bytes->data, bytes->len);

  g_assert_cmpstr (found, ==, hex);
}

/* Made with Python's msgpack 1.0.3: msgpack.packb (value, use_bin_type=True). */
static const struct
{
  const char *python;
  const char *value; /* as g_variant_print() has it, with types */
  const char *hex;
} rows[] = {
  { "None", "signature ''", "c0" },
  { "False", "false", "c2" },
  { "True", "true", "c3" },
  { "0", "int64 0", "00" },
  { "1", "int64 1", "01" },
  { "127", "int64 127", "7f" },
  { "128", "int64 128", "cc80" },
  { "255", "int64 255", "ccff" },
  { "256", "int64 256", "cd0100" },
  { "65535", "int64 65535", "cdffff" },
  { "65536", "int64 65536", "ce00010000" },
  { "4294967295", "int64 4294967295", "ceffffffff" },
  { "4294967296", "int64 4294967296", "cf0000000100000000" },
  { "9223372036854775807", "int64 9223372036854775807", "cf7fffffffffffffff" },
  { "-1", "int64 -1", "ff" },
  { "-32", "int64 -32", "e0" },
  { "-33", "int64 -33", "d0df" },
  { "-128", "int64 -128", "d080" },
  { "-129", "int64 -129", "d1ff7f" },
  { "-32768", "int64 -32768", "d18000" },
  { "-32769", "int64 -32769", "d2ffff7fff" },
  { "-2147483648", "int64 -2147483648", "d280000000" },
  { "-2147483649", "int64 -2147483649", "d3ffffffff7fffffff" },
  { "-9223372036854775808", "int64 -9223372036854775808", "d38000000000000000" },
  { "9223372036854775808", "uint64 9223372036854775808", "cf8000000000000000" },
  { "18446744073709551615", "uint64 18446744073709551615", "cfffffffffffffffff" },
  { "0.0", "0.0", "cb0000000000000000" },
  { "-0.0", "-0.0", "cb8000000000000000" },
  { "1.5", "1.5", "cb3ff8000000000000" },
  { "-1.0", "-1.0", "cbbff0000000000000" },
  { "0.1", "0.1", "cb3fb999999999999a" },
  { "1e300", "1e300", "cb7e37e43c8800759c" },
  { "2.2250738585072014e-308", "2.2250738585072014e-308", "cb0010000000000000" },
  { "float ('inf')", "inf", "cb7ff0000000000000" },
  { "float ('-inf')", "-inf", "cbfff0000000000000" },
  { "''", "''", "a0" },
  { "'a'", "'a'", "a161" },
  { "'héllo'", "'héllo'", "a668c3a96c6c6f" },
  { "'聊天 😀'", "'聊天 😀'", "abe8818ae5a4a920f09f9880" },
  { "'\\x01\\x7f'", "'\\u0001\\u007f'", "a2017f" },
  { "b''", "@ay []", "c400" },
  { "b'\\x00\\xff'", "[byte 0x00, 0xff]", "c40200ff" },
  { "b'abc'", "[byte 0x61, 0x62, 0x63]", "c403616263" },
  { "[]", "@av []", "90" },
  { "[1, None, True]", "[<int64 1>, <signature ''>, <true>]", "9301c0c3" },
  { "[[], [[]], {}]", "[<@av []>, <[<@av []>]>, <@a{sv} {}>]", "9390919080" },
  { "{}", "@a{sv} {}", "80" },
  { "{'b': 1, 'a': [b'']}", "{'b': <int64 1>, 'a': <[<@ay []>]>}", "82a16201a16191c400" },
  { "{'': {'': {}}}", "{'': <{'': <@a{sv} {}>}>}", "81a081a080" },
  { "{'type': 'chat.message', 'message': 'héllo', 'n': 1, 'f': 1.5, 'b': b'\\x00\\xff', 'l': [1, "
    "None, True]}",
    "{'type': <'chat.message'>, 'message': <'héllo'>, 'n': <int64 1>, 'f': <1.5>, 'b': <[byte "
    "0x00, 0xff]>, 'l': <[<int64 1>, <signature ''>, <true>]>}",
    "86a474797065ac636861742e6d657373616765a76d657373616765a668c3a96c6c6fa16e01a166cb3ff80000000000"
    "00a162c40200ffa16c9301c0c3" },
};

static void
test_msgpack_as_python (void)
{
  g_test_summary ("Each value has the bytes that Python gives it, and the bytes that value");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GVariant) value = parse (rows[i].value);
      g_autoptr (GByteArray) bytes = channels_test_from_hex (rows[i].hex);
      g_autoptr (GByteArray) written = NULL;
      g_autoptr (GVariant) found = NULL;

      g_test_message ("%s", rows[i].python);
      written = write_value (value);
      found = read_bytes (bytes);

      assert_hex (written, rows[i].hex);
      g_assert_cmpvariant (found, value);
    }
}

typedef enum
{
  STRING,
  BYTES,
  ARRAY,
  MAP,
} Kind;

/* As above: 'a' * n, b'a' * n, [1] * n, {str (i): 1 for i in range (n)}. */
static const struct
{
  Kind kind;
  gsize n;
  const char *head;
  gsize length;
} sizes[] = {
  { STRING, 31, "bf", 32 },
  { STRING, 32, "d920", 34 },
  { STRING, 255, "d9ff", 257 },
  { STRING, 256, "da0100", 259 },
  { STRING, 65535, "daffff", 65538 },
  { STRING, 65536, "db00010000", 65541 },
  { BYTES, 255, "c4ff", 257 },
  { BYTES, 256, "c50100", 259 },
  { BYTES, 65535, "c5ffff", 65538 },
  { BYTES, 65536, "c600010000", 65541 },
  { ARRAY, 15, "9f", 16 },
  { ARRAY, 16, "dc0010", 19 },
  { ARRAY, 65535, "dcffff", 65538 },
  { ARRAY, 65536, "dd00010000", 65541 },
  { MAP, 15, "8f", 51 },
  { MAP, 16, "de0010", 57 },
  { MAP, 65535, "deffff", 447638 },
  { MAP, 65536, "df00010000", 447647 },
};

static GVariant *
make (Kind kind, gsize n)
{
  g_autofree char *letters = g_strnfill (n, 'a');
  g_auto (GVariantBuilder) builder =
      G_VARIANT_BUILDER_INIT (kind == MAP ? G_VARIANT_TYPE_VARDICT : G_VARIANT_TYPE ("av"));

  if (kind == STRING)
    return g_variant_ref_sink (g_variant_new_string (letters));
  if (kind == BYTES)
    return g_variant_ref_sink (g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, letters, n, 1));

  for (gsize i = 0; i < n; i++)
    {
      char key[sizeof "65535"];

      g_snprintf (key, sizeof key, "%u", (guint) i);
      if (kind == MAP)
        g_variant_builder_add (&builder, "{sv}", key, g_variant_new_int64 (1));
      else
        g_variant_builder_add (&builder, "v", g_variant_new_int64 (1));
    }

  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static void
test_msgpack_sizes_as_python (void)
{
  g_test_summary ("What is long has the head that Python gives it, on both sides of each boundary");

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GVariant) value = make (sizes[i].kind, sizes[i].n);
      g_autoptr (GByteArray) bytes = write_value (value);
      g_autoptr (GVariant) again = read_bytes (bytes);
      g_autoptr (GByteArray) bytes_again = write_value (again);
      g_autofree char *head = channels_test_to_hex (bytes->data, strlen (sizes[i].head) / 2);

      g_assert_cmpstr (head, ==, sizes[i].head);
      g_assert_cmpuint (bytes->len, ==, sizes[i].length);
      g_assert_cmpmem (bytes_again->data, bytes_again->len, bytes->data, bytes->len);
    }
}

static void
test_msgpack_nan (void)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_double ((double) NAN));
  g_autoptr (GByteArray) bytes = write_value (value);
  g_autoptr (GVariant) again = read_bytes (bytes);

  g_test_summary ("NaN is written as Python does, and read");

  assert_hex (bytes, "cb7ff8000000000000");
  g_assert_true (isnan (g_variant_get_double (again)));
}

static void
test_msgpack_longer_forms (void)
{
  static const struct
  {
    const char *hex;
    const char *value;
  } cases[] = {
    { "cc01", "int64 1" },
    { "cd0001", "int64 1" },
    { "ce00000001", "int64 1" },
    { "cf0000000000000001", "int64 1" },
    { "d001", "int64 1" },
    { "d0ff", "int64 -1" },
    { "d1ffff", "int64 -1" },
    { "d2ffffffff", "int64 -1" },
    { "d3ffffffffffffffff", "int64 -1" },
    { "d37fffffffffffffff", "int64 9223372036854775807" },
    { "ca3fc00000", "1.5" },
    { "ca7f800000", "inf" },
    { "d90161", "'a'" },
    { "da000161", "'a'" },
    { "db0000000161", "'a'" },
    { "c5000161", "[byte 0x61]" },
    { "c60000000161", "[byte 0x61]" },
    { "dc0000", "@av []" },
    { "dd0000000101", "[<int64 1>]" },
    { "de0000", "@a{sv} {}" },
    { "df00000001d901610a", "{'a': <int64 10>}" },
  };

  g_test_summary ("Forms that are longer than they must be are read");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) bytes = channels_test_from_hex (cases[i].hex);
      g_autoptr (GVariant) expected = parse (cases[i].value);
      g_autoptr (GVariant) value = read_bytes (bytes);

      g_assert_cmpvariant (value, expected);
    }
}

static void
test_msgpack_duplicates (void)
{
  g_autoptr (GByteArray) bytes = channels_test_from_hex ("84a16101a16202a16103a16104");
  g_autoptr (GVariant) expected = parse ("{'a': <int64 4>, 'b': <int64 2>}");
  g_autoptr (GVariant) value = NULL;

  g_test_summary ("Of members with one name, the last counts, in the place of the first");

  value = read_bytes (bytes);

  g_assert_cmpvariant (value, expected);
}

/* Values that MessagePack does not make itself. */
static void
test_msgpack_writes (void)
{
  static const struct
  {
    const char *value;
    const char *hex; /* (nullable): none */
  } cases[] = {
    { "byte 0xff", "ccff" },
    { "int16 -32768", "d18000" },
    { "int16 7", "07" },
    { "uint16 65535", "cdffff" },
    { "int32 -2147483648", "d280000000" },
    { "int32 7", "07" },
    { "uint32 4294967295", "ceffffffff" },
    { "uint64 7", "07" },
    { "objectpath '/a'", "a22f61" },
    { "signature 'a{sv}'", "a5617b73767d" },
    { "<<<'x'>>>", "a178" },
    { "(1, 'a', true)", "9301a161c3" },
    { "['a', 'b']", "92a161a162" },
    { "[true, false]", "92c3c2" },
    { "[(1, 2)]", "91920102" },
    { "@a{ss} {'a': 'b'}", "81a161a162" },
    { "[b'a']", "91c4026100" },
    { "handle 1", NULL },
    { "@ms nothing", NULL },
    { "{1: 'a'}", NULL },
    { "@a{is} {}", NULL },
    { "{'a': <[<handle 1>]>}", NULL },
  };

  g_test_summary ("A GVariant of any type has its bytes, or an error and nothing is appended");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) value = parse (cases[i].value);
      g_autoptr (GByteArray) out = channels_test_from_hex ("beef");
      g_autofree char *expected = g_strconcat ("beef", cases[i].hex, NULL);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", cases[i].value);
      g_assert_true (channels_msgpack_append (out, value, &error) == (cases[i].hex != NULL));

      assert_hex (out, expected);
      if (cases[i].hex == NULL)
        g_assert_error (error, CHANNELS_ERROR, CHANNELS_ERROR_INVALID_EVENT);
    }
}

static void
test_msgpack_leaves_floating (void)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  GVariant *value = g_variant_new_parsed ("{'a': <[<1>]>}");

  g_test_summary ("Writing takes no reference away");

  g_assert_true (channels_msgpack_append (out, value, NULL));

  g_assert_true (g_variant_is_floating (value));
  g_variant_unref (g_variant_ref_sink (value));
}

/* @map with the member "k": @value, behind two bytes that were there. */
static char *
append_with (const GByteArray *map, const char *value)
{
  g_autoptr (GByteArray) out = channels_test_from_hex ("beef");
  g_autoptr (GBytes) bytes = g_bytes_new (map->data, map->len);
  g_autoptr (GVariant) variant = parse (value);
  g_autoptr (GError) error = NULL;

  channels_msgpack_append_map_with (out, bytes, "k", variant, &error);
  g_assert_no_error (error);
  return channels_test_to_hex (out->data, out->len);
}

static void
test_msgpack_map_with (void)
{
  static const struct
  {
    const char *map;
    const char *value;
    const char *hex;
  } cases[] = {
    { "80", "'a'", "beef81a16ba161" },
    { "81a16101", "['a', 'b']", "beef82a16101a16b92a161a162" },
    { "de0000", "1", "beef81a16b01" },
    { "df00000001a16101", "@as []", "beef82a16101a16b90" },
    { "81a16b01", "2", "beef82a16b01a16b02" },
  };

  g_test_summary ("A map is written with one member more, the rest as it was");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) map = channels_test_from_hex (cases[i].map);
      g_autofree char *hex = append_with (map, cases[i].value);

      g_assert_cmpstr (hex, ==, cases[i].hex);
    }
}

static void
test_msgpack_map_with_longer_head (void)
{
  /* Heads alone: what comes behind them is copied, whatever it is. */
  static const struct
  {
    const char *map;
    const char *hex;
  } cases[] = {
    { "8e", "beef8fa16b01" },
    { "8f", "beefde0010a16b01" },
    { "defffe", "beefdeffffa16b01" },
    { "deffff", "beefdf00010000a16b01" },
  };

  g_test_summary ("The head of a map grows where one member more needs it");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GByteArray) map = channels_test_from_hex (cases[i].map);
      g_autofree char *hex = append_with (map, "1");

      g_assert_cmpstr (hex, ==, cases[i].hex);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/msgpack/as-python", test_msgpack_as_python);
  g_test_add_func ("/msgpack/sizes-as-python", test_msgpack_sizes_as_python);
  g_test_add_func ("/msgpack/nan", test_msgpack_nan);
  g_test_add_func ("/msgpack/longer-forms", test_msgpack_longer_forms);
  g_test_add_func ("/msgpack/duplicates", test_msgpack_duplicates);
  g_test_add_func ("/msgpack/writes", test_msgpack_writes);
  g_test_add_func ("/msgpack/leaves-floating", test_msgpack_leaves_floating);
  g_test_add_func ("/msgpack/map-with", test_msgpack_map_with);
  g_test_add_func ("/msgpack/map-with-longer-head", test_msgpack_map_with_longer_head);

  return g_test_run ();
}
