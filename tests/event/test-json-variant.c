/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-json.h"

#include <math.h>
#include <string.h>

#define DEPTH 32

static GVariant *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = channels_json_to_variant (text, strlen (text), DEPTH, &error);

  g_assert_no_error (error);
  g_assert_true (g_variant_is_floating (value));
  return g_variant_ref_sink (value);
}

static char *
print (GVariant *value)
{
  g_autoptr (GError) error = NULL;
  GString *text = g_string_new (NULL);

  channels_json_append_variant (text, value, &error);
  g_assert_no_error (error);
  return g_string_free (text, FALSE);
}

/* A text, the value that it is, and the text that the value is. */
static const struct
{
  const char *text;
  const char *value; /* as g_variant_print() has it, with types */
  const char *back;  /* (nullable): @text itself */
} rows[] = {
  { "null", "signature ''", NULL },
  { "true", "true", NULL },
  { "false", "false", NULL },
  { "0", "int64 0", NULL },
  { "-1", "int64 -1", NULL },
  { "9223372036854775807", "int64 9223372036854775807", NULL },
  { "-9223372036854775808", "int64 -9223372036854775808", NULL },
  { "9223372036854775808", "uint64 9223372036854775808", NULL },
  { "18446744073709551615", "uint64 18446744073709551615", NULL },
  { "18446744073709551616", "18446744073709551616.0", "1.8446744073709552e+19" },
  { "1000000000000000000000", "1e+21", "1e+21" },
  { "-0", "-0.0", "-0.0" },
  { "-0.0", "-0.0", NULL },
  { "0.0", "0.0", NULL },
  { "1.0", "1.0", NULL },
  { "0.1", "0.1", NULL },
  { "0.10", "0.1", "0.1" },
  { "0.30000000000000004", "0.30000000000000004", NULL },
  { "1e2", "100.0", "100.0" },
  { "1e-7", "1e-07", "1e-07" },
  { "1e-400", "0.0", "0.0" },
  { "-1e-400", "-0.0", "-0.0" },
  { "2.2250738585072014e-308", "2.2250738585072014e-308", NULL },
  { "1.7976931348623157e308", "1.7976931348623157e+308", "1.7976931348623157e+308" },
  { "123456789.125", "123456789.125", NULL },
  { "\"\"", "''", NULL },
  { "\"a\\u0041\\n\\/\"", "'aA\\n/'", "\"aA\\n/\"" },
  { "\"\\\"\\\\\\b\\f\\n\\r\\t\\u001f\\u0001\"", "'\"\\\\\\b\\f\\n\\r\\t\\u001f\\u0001'", NULL },
  { "\"\\u001F\x7f\"", "'\\u001f\\u007f'", "\"\\u001f\x7f\"" },
  { "\"\\ud83d\\ude00 \\u804a\"", "'😀 聊'", "\"😀 聊\"" },
  { "\"\\u2028\\uFFFF\"", "'\xe2\x80\xa8\xef\xbf\xbf'", "\"\xe2\x80\xa8\xef\xbf\xbf\"" },
  { "[]", "@av []", NULL },
  { "{}", "@a{sv} {}", NULL },
  { "[1,\"a\",[]]", "[<int64 1>, <'a'>, <@av []>]", NULL },
  { "{\"b\":1,\"a\":[null]}", "{'b': <int64 1>, 'a': <[<signature ''>]>}", NULL },
  { " { \"a\" : [ ] } ", "{'a': <@av []>}", "{\"a\":[]}" },
  { "{\"a\":1,\"a\":2}", "{'a': <int64 2>}", "{\"a\":2}" },
  { "{\"a\":1,\"b\":2,\"\\u0061\":3,\"c\":4,\"a\":5,\"b\":6}",
    "{'a': <int64 5>, 'b': <int64 6>, 'c': <int64 4>}", "{\"a\":5,\"b\":6,\"c\":4}" },
  { "{\"\":{\"\":{}}}", "{'': <{'': <@a{sv} {}>}>}", NULL },
};

static void
test_json_variant_to_and_fro (void)
{
  g_test_summary ("Each JSON value has its GVariant, and that its JSON");

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GVariant) value = NULL;
      g_autoptr (GVariant) expected = NULL;
      g_autoptr (GVariant) again = NULL;
      g_autofree char *back = NULL;

      g_test_message ("%s", rows[i].text);
      value = parse (rows[i].text);
      expected = g_variant_ref_sink (g_variant_new_parsed (rows[i].value));
      back = print (value);
      again = parse (back);

      g_assert_cmpvariant (value, expected);
      g_assert_cmpstr (back, ==, rows[i].back != NULL ? rows[i].back : rows[i].text);
      g_assert_cmpvariant (again, value);
    }
}

/* Values that JSON does not make itself. */
static const struct
{
  const char *value;
  const char *text; /* (nullable): none */
} prints[] = {
  { "byte 0xff", "255" },
  { "int16 -32768", "-32768" },
  { "uint16 65535", "65535" },
  { "int32 -2147483648", "-2147483648" },
  { "uint32 4294967295", "4294967295" },
  { "objectpath '/a/b'", "\"/a/b\"" },
  { "signature 'a{sv}'", "\"a{sv}\"" },
  { "signature ''", "null" },
  { "<<<'x'>>>", "\"x\"" },
  { "(1, 'a', true)", "[1,\"a\",true]" },
  { "()", "[]" },
  { "@as []", "[]" },
  { "['a', 'b']", "[\"a\",\"b\"]" },
  { "[(1, 2)]", "[[1,2]]" },
  { "@a{ss} {'a': 'b'}", "{\"a\":\"b\"}" },
  { "@a{si} {}", "{}" },
  { "[{'a': <1>}, {}]", "[{\"a\":1},{}]" },
  { "@ay []", NULL },
  { "b'bytes'", NULL },
  { "[<b'bytes'>]", NULL },
  { "{'a': <1>, 'b': <@ay [1]>}", NULL },
  { "handle 1", NULL },
  { "@ms nothing", NULL },
  { "just 'a'", NULL },
  { "@a{is} {}", NULL },
  { "{1: 'a'}", NULL },
  { "{objectpath '/a': 'a'}", NULL },
  { "('x', {'a', 'b'})", NULL },
  { "inf", NULL },
  { "-inf", NULL },
  { "nan", NULL },
  { "[1.0, nan]", NULL },
};

static void
test_json_variant_prints (void)
{
  g_test_summary ("A GVariant of any type has its JSON, or an error and nothing is appended");

  for (guint i = 0; i < G_N_ELEMENTS (prints); i++)
    {
      g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_parsed (prints[i].value));
      g_autoptr (GString) text = g_string_new ("before");
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", prints[i].value);
      channels_json_append_variant (text, value, &error);

      if (prints[i].text == NULL)
        {
          g_assert_error (error, CHANNELS_JSON_ERROR, CHANNELS_JSON_ERROR_UNREPRESENTABLE);
          g_assert_cmpstr (text->str, ==, "before");
          continue;
        }

      g_assert_no_error (error);
      g_assert_cmpstr (text->str + strlen ("before"), ==, prints[i].text);
      g_assert_true (channels_json_validate (prints[i].text, strlen (prints[i].text), DEPTH, NULL));
    }
}

static void
test_json_variant_leaves_floating (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  GVariant *value = g_variant_new_parsed ("{'a': <[<1>]>}");

  g_test_summary ("Printing takes no reference away");

  g_assert_true (channels_json_append_variant (text, value, NULL));

  g_assert_true (g_variant_is_floating (value));
  g_variant_unref (g_variant_ref_sink (value));
}

static GVariant *
nest (guint depth)
{
  GVariant *value = g_variant_new_array (G_VARIANT_TYPE_VARIANT, NULL, 0);

  for (guint i = 1; i < depth; i++)
    {
      GVariant *child = g_variant_new_variant (value);

      value = g_variant_new_array (NULL, &child, 1);
    }

  return g_variant_ref_sink (value);
}

static void
test_json_variant_depth_is_bounded (void)
{
  g_autoptr (GVariant) deepest = nest (128);
  g_autoptr (GVariant) deeper = nest (129);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  g_test_summary ("128 levels are printed, 129 are an error");

  g_assert_true (channels_json_append_variant (text, deepest, NULL));
  g_assert_cmpuint (text->len, ==, 256);
  g_assert_false (channels_json_append_variant (text, deeper, &error));

  g_assert_error (error, CHANNELS_JSON_ERROR, CHANNELS_JSON_ERROR_TOO_DEEP);
  g_assert_cmpuint (text->len, ==, 256);
}

static void
test_json_variant_unwraps_variants (void)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_int32 (1));
  g_autofree char *text = NULL;

  g_test_summary ("Variants in variants are no levels");

  for (guint i = 0; i < 1000; i++)
    {
      GVariant *wrapped = g_variant_ref_sink (g_variant_new_variant (value));

      g_variant_unref (value);
      value = wrapped;
    }
  text = print (value);

  g_assert_cmpstr (text, ==, "1");
}

static void
test_json_variant_doubles_come_back (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (20260101);

  g_test_summary ("Every finite double is printed so that the same double is read");

  for (guint i = 0; i < 50000; i++)
    {
      guint64 bits = (guint64) g_rand_int (rand) << 32 | g_rand_int (rand);
      g_autoptr (GVariant) value = NULL;
      g_autoptr (GVariant) again = NULL;
      g_autofree char *text = NULL;
      double number;

      memcpy (&number, &bits, sizeof number);
      if (!isfinite (number))
        continue;

      value = g_variant_ref_sink (g_variant_new_double (number));
      text = print (value);
      again = parse (text);
      g_assert_cmpvariant (again, value);
    }
}

static void
test_json_variant_many_names (void)
{
  g_autoptr (GString) text = g_string_new ("{");
  g_autoptr (GVariant) value = NULL;
  gint64 number;

  g_test_summary ("As many members as are allowed, half of them twice, keep the last of each");

  for (int i = 0; i < CHANNELS_JSON_VALUES_MAX - 1; i++)
    g_string_append_printf (text, "%s\"k%d\":%d", i > 0 ? "," : "", i % 5000, i);
  g_string_append_c (text, '}');
  value = parse (text->str);

  g_assert_cmpuint (g_variant_n_children (value), ==, 5000);
  g_assert_true (g_variant_lookup (value, "k0", "x", &number));
  g_assert_cmpint (number, ==, 5000);
  g_assert_true (g_variant_lookup (value, "k4999", "x", &number));
  g_assert_cmpint (number, ==, 4999);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/json-variant/to-and-fro", test_json_variant_to_and_fro);
  g_test_add_func ("/json-variant/prints", test_json_variant_prints);
  g_test_add_func ("/json-variant/leaves-floating", test_json_variant_leaves_floating);
  g_test_add_func ("/json-variant/depth-is-bounded", test_json_variant_depth_is_bounded);
  g_test_add_func ("/json-variant/unwraps-variants", test_json_variant_unwraps_variants);
  g_test_add_func ("/json-variant/doubles-come-back", test_json_variant_doubles_come_back);
  g_test_add_func ("/json-variant/many-names", test_json_variant_many_names);

  return g_test_run ();
}
