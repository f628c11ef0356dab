/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-json.h"

#include <string.h>

#define DEPTH 32

/* No error at all. */
#define GOOD -1

/* A text with NULs or bytes that are no UTF-8. */
#define BYTES(literal) literal, sizeof literal - 1
#define TEXT(literal) literal, 0

typedef struct
{
  const char *text;
  gsize length; /* 0: up to the NUL */
  int verdict;  /* a ChannelsJsonError, or GOOD */
} Case;

static const Case cases[] = {
  /* What RFC 8259 calls values. */
  { TEXT ("null"), GOOD },
  { TEXT ("true"), GOOD },
  { TEXT ("false"), GOOD },
  { TEXT ("0"), GOOD },
  { TEXT ("\"\""), GOOD },
  { TEXT ("[]"), GOOD },
  { TEXT ("{}"), GOOD },
  { TEXT (" \t\r\n[ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n"), GOOD },
  { TEXT (" { \"a\" : 1 , \"b\" : { } } "), GOOD },
  { TEXT ("[[],{},[[]],{\"\":{}}]"), GOOD },
  { TEXT ("{\"a\":1,\"a\":2}"), GOOD },

  /* What it does not. */
  { BYTES (""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT (" "), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("nul"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("nulL"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("True"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("nullx"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("1 2"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("[1 2]"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("[1,]"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("[,1]"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("[1,,2]"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("[,]"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("["), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("[1"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("[1,"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("]"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("}"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("[}"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{]"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("[1}"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{\"a\":1]"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("[]]"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("[],"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{}{}"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{\"a\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{\"a\":"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{\"a\":1"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{\"a\":1,"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{\"a\":1,}"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{,}"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{\"a\"}"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{\"a\" 1}"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{\"a\"::1}"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{\"a\":}"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{\"a\",1}"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{a:1}"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{1:1}"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{null:1}"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("[\"a\":1]"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("'x'"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("/* */ 1"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("1 // one"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("var a = {};"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\v1"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\f1"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\xc2\xa0"
          "1"),
    CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\xef\xbb\xbf{}"), CHANNELS_JSON_ERROR_SYNTAX },
  { BYTES ("1\0"), CHANNELS_JSON_ERROR_SYNTAX },
  { BYTES ("\0"), CHANNELS_JSON_ERROR_SYNTAX },

  /* Numbers. */
  { TEXT ("-0"), GOOD },
  { TEXT ("-1"), GOOD },
  { TEXT ("10"), GOOD },
  { TEXT ("0.1"), GOOD },
  { TEXT ("-0.0"), GOOD },
  { TEXT ("1e2"), GOOD },
  { TEXT ("1E+2"), GOOD },
  { TEXT ("1.5e-7"), GOOD },
  { TEXT ("0e0"), GOOD },
  { TEXT ("9223372036854775807"), GOOD },
  { TEXT ("-9223372036854775808"), GOOD },
  { TEXT ("9223372036854775808"), GOOD },
  { TEXT ("18446744073709551615"), GOOD },
  { TEXT ("18446744073709551616"), GOOD },
  { TEXT ("-9223372036854775809"), CHANNELS_JSON_ERROR_NUMBER },
  { TEXT ("18446744073709551617"), CHANNELS_JSON_ERROR_NUMBER },
  { TEXT ("12345678901234567890123"), CHANNELS_JSON_ERROR_NUMBER },
  { TEXT ("1000000000000000000000"), GOOD },
  { TEXT ("1e308"), GOOD },
  { TEXT ("1e309"), CHANNELS_JSON_ERROR_NUMBER },
  { TEXT ("1e999"), CHANNELS_JSON_ERROR_NUMBER },
  { TEXT ("-1e999"), CHANNELS_JSON_ERROR_NUMBER },
  { TEXT ("1e-400"), GOOD },
  { TEXT ("0e999"), GOOD },
  { TEXT ("010"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("-01"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("00"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("0x10"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT (".5"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("5."), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("-"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("--1"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("+1"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("1e"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("1e+"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("1.e1"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("1e1.5"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("1,5"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("NaN"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("Infinity"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("-Infinity"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("inf"), CHANNELS_JSON_ERROR_SYNTAX },

  /* Strings. */
  { TEXT ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), GOOD },
  { TEXT ("\"\\u0001\\u001F\\u20aC\""), GOOD },
  { TEXT ("\"\\ud83d\\ude00\""), GOOD },
  { TEXT ("\"\\uD7FF\\uE000\\uFFFF\""), GOOD },
  { TEXT ("\"聊天室 😀 \xc2\x80 \x7f\""), GOOD },
  { TEXT ("\"\xe2\x80\xa8\xe2\x80\xa9\""), GOOD },
  { TEXT ("\"a"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"a\\\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"a\\"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"\\x\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"\\U0041\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"\\u\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"\\u004\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"\\u004g\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"\\u+041\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"\\u00"), CHANNELS_JSON_ERROR_SYNTAX },
  { BYTES ("\"\\\0\""), CHANNELS_JSON_ERROR_SYNTAX },
  { BYTES ("\"a\0b\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"a\nb\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"a\tb\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"12345678\x1f\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"a\\u0000b\""), CHANNELS_JSON_ERROR_STRING },
  { TEXT ("{\"a\\u0000b\":1}"), CHANNELS_JSON_ERROR_STRING },
  { TEXT ("\"\\ud83d\""), CHANNELS_JSON_ERROR_STRING },
  { TEXT ("\"\\ude00\""), CHANNELS_JSON_ERROR_STRING },
  { TEXT ("\"\\ude00\\ud83d\""), CHANNELS_JSON_ERROR_STRING },
  { TEXT ("\"\\ud83d\\ud83d\""), CHANNELS_JSON_ERROR_STRING },
  { TEXT ("\"\\ud83dx\""), CHANNELS_JSON_ERROR_STRING },
  { TEXT ("\"\\ud83d\\n\""), CHANNELS_JSON_ERROR_STRING },
  { TEXT ("\"\\ud83d\\u0041\""), CHANNELS_JSON_ERROR_STRING },

  /* UTF-8. */
  { TEXT ("\"\xff\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"\x80\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"\xc3\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"\xc0\xaf\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"\xe0\x80\xaf\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"\xed\xa0\x80\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\"\xf4\x90\x80\x80\""), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("{\"\xff\":1}"), CHANNELS_JSON_ERROR_SYNTAX },
  { TEXT ("\xff"), CHANNELS_JSON_ERROR_SYNTAX },
};

/* A copy that ends where the text ends, so that a sanitizer sees whoever reads on. */
static char *
exact_copy (const char *text, gsize length)
{
  return g_memdup2 (text, length);
}

static void
assert_verdict (const char *text, gsize length, guint max_depth, int verdict)
{
  g_autofree char *copy = exact_copy (text, length);
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) same_error = NULL;

  value = channels_json_to_variant (copy, length, max_depth, &same_error);
  if (value != NULL)
    g_variant_ref_sink (value);

  if (verdict == GOOD)
    {
      channels_json_validate (copy, length, max_depth, &error);
      g_assert_no_error (error);
      g_assert_no_error (same_error);
      g_assert_nonnull (value);
    }
  else
    {
      g_assert_false (channels_json_validate (copy, length, max_depth, &error));
      g_assert_error (error, CHANNELS_JSON_ERROR, verdict);
      g_assert_error (same_error, CHANNELS_JSON_ERROR, verdict);
      g_assert_null (value);
    }
}

static void
test_json_validates (void)
{
  g_test_summary ("RFC 8259 and our bounds decide what is JSON, whoever reads it");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize length = cases[i].length > 0 ? cases[i].length : strlen (cases[i].text);

      g_test_message ("case %u", i);
      assert_verdict (cases[i].text, length, DEPTH, cases[i].verdict);
    }
}

static void
test_json_good_stays_good_inside (void)
{
  g_test_summary ("What is good, or bad, alone, is so inside an array and an object");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GString) text = g_string_new ("[{\"key\": ");
      gsize length = cases[i].length > 0 ? cases[i].length : strlen (cases[i].text);

      if (cases[i].verdict != GOOD && cases[i].verdict != CHANNELS_JSON_ERROR_NUMBER)
        continue;

      g_string_append_len (text, cases[i].text, (gssize) length);
      g_string_append (text, "}]");
      g_test_message ("%s", text->str);
      assert_verdict (text->str, text->len, DEPTH, cases[i].verdict);
    }
}

static void
test_json_every_prefix_is_refused (void)
{
  static const char text[] = "{\"a\": [1.5e3, \"\\u0041\\ud83d\\ude00聊\", true, null], \"b\": {}}";

  g_test_summary ("A text that ends early is no JSON, wherever it ends");

  for (gsize length = 0; length < strlen (text); length++)
    {
      g_autofree char *copy = exact_copy (text, length);

      g_assert_false (channels_json_validate (copy, length, DEPTH, NULL));
    }
  g_assert_true (channels_json_validate (text, strlen (text), DEPTH, NULL));
}

static char *
nest (const char *open, guint depth, const char *inner, const char *close)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < depth; i++)
    g_string_append (text, open);
  g_string_append (text, inner);
  for (guint i = 0; i < depth; i++)
    g_string_append (text, close);

  return g_string_free (text, FALSE);
}

static void
test_json_depth_is_bounded (void)
{
  static const guint bounds[] = { 1, 2, 32, 63, 64, 65, 128 };

  g_test_summary ("A text may be as deep as allowed, and not one level deeper");

  for (guint i = 0; i < G_N_ELEMENTS (bounds); i++)
    {
      g_autofree char *arrays = nest ("[", bounds[i], "", "]");
      g_autofree char *objects = nest ("{\"a\":", bounds[i], "1", "}");

      assert_verdict (arrays, strlen (arrays), bounds[i], GOOD);
      assert_verdict (objects, strlen (objects), bounds[i], GOOD);
      assert_verdict (arrays, strlen (arrays), bounds[i] - 1, CHANNELS_JSON_ERROR_TOO_DEEP);
      assert_verdict (objects, strlen (objects), bounds[i] - 1, CHANNELS_JSON_ERROR_TOO_DEEP);
    }

  assert_verdict ("1", 1, 0, GOOD);
  assert_verdict ("[[],[],{}]", strlen ("[[],[],{}]"), 2, GOOD);
}

static void
test_json_depth_is_bounded_at_all (void)
{
  g_autofree char *deepest = nest ("[", 128, "", "]");
  g_autofree char *deeper = nest ("[", 129, "", "]");

  g_test_summary ("Past 128 levels nothing is allowed, whoever would allow it");

  assert_verdict (deepest, strlen (deepest), G_MAXUINT, GOOD);
  assert_verdict (deeper, strlen (deeper), G_MAXUINT, CHANNELS_JSON_ERROR_TOO_DEEP);
}

static void
test_json_survives_a_tower (void)
{
  static const char *const opens[] = { "[", "{\"a\":", "[{\"a\":" };

  g_test_summary ("100,000 levels, closed or not, are an error and nothing worse");

  for (guint i = 0; i < G_N_ELEMENTS (opens); i++)
    {
      g_autofree char *open = nest (opens[i], 100000, "", "");
      g_autofree char *closed = nest (opens[i], 100000, "1", "]");

      assert_verdict (open, strlen (open), DEPTH, CHANNELS_JSON_ERROR_TOO_DEEP);
      assert_verdict (closed, strlen (closed), DEPTH, CHANNELS_JSON_ERROR_TOO_DEEP);
      assert_verdict (open, strlen (open), G_MAXUINT, CHANNELS_JSON_ERROR_TOO_DEEP);
    }
}

static void
test_json_values_are_bounded (void)
{
  g_autofree char *most = nest ("1,", CHANNELS_JSON_VALUES_MAX - 2, "1", "");
  g_autofree char *at = g_strdup_printf ("[%s]", most);
  g_autofree char *past = g_strdup_printf ("[1,%s]", most);

  g_test_summary ("A text has 10,000 values at most, arrays and objects counted, names not");

  assert_verdict (at, strlen (at), DEPTH, GOOD);
  assert_verdict (past, strlen (past), DEPTH, CHANNELS_JSON_ERROR_TOO_MANY);
}

static void
test_json_literals_are_bounded (void)
{
  g_autofree char *fraction = g_strnfill (64 - 2, '1');
  g_autofree char *at = g_strdup_printf ("0.%s", fraction);
  g_autofree char *past = g_strdup_printf ("0.%s1", fraction);
  g_autofree char *nines = g_strnfill (64, '9');

  g_test_summary ("A number has 64 characters at most");

  assert_verdict (at, strlen (at), DEPTH, GOOD);
  assert_verdict (past, strlen (past), DEPTH, CHANNELS_JSON_ERROR_NUMBER);
  assert_verdict (nines, strlen (nines), DEPTH, CHANNELS_JSON_ERROR_NUMBER);
}

static void
test_json_strings_at_every_offset (void)
{
  static const struct
  {
    const char *piece;
    gboolean is_good;
  } pieces[] = { { "\\n", TRUE },  { "聊", TRUE }, { "\x1f", FALSE }, { "\xff", FALSE },
                 { "\\x", FALSE }, { "~", TRUE },  { " ", TRUE },     { "!", TRUE },
                 { "#", TRUE },    { "[]", TRUE } };

  g_test_summary ("What is special in a string is seen wherever it stands");

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    for (gsize before = 0; before < 24; before++)
      for (gsize after = 0; after < 10; after++)
        {
          g_autofree char *head = g_strnfill (before, 'x');
          g_autofree char *tail = g_strnfill (after, 'x');
          g_autofree char *text = g_strconcat ("\"", head, pieces[i].piece, tail, "\"", NULL);

          assert_verdict (text, strlen (text), DEPTH,
                          pieces[i].is_good ? GOOD : CHANNELS_JSON_ERROR_SYNTAX);
        }
}

static void
test_json_errors_say_where (void)
{
  g_autoptr (GError) error = NULL;

  g_test_summary ("An error says at which byte the text goes wrong");

  g_assert_false (channels_json_validate ("[1, x]", 6, DEPTH, &error));

  g_assert_error (error, CHANNELS_JSON_ERROR, CHANNELS_JSON_ERROR_SYNTAX);
  g_assert_true (g_str_has_prefix (error->message, "at byte 4: "));
}

static void
test_json_errors_have_codes (void)
{
  static const char *const codes[] = { "invalid-json", "invalid-string",  "invalid-number",
                                       "too-deep",     "too-many-values", "not-an-object",
                                       "no-message",   "unrepresentable" };

  g_test_summary ("Each error has the code that clients know");

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (CHANNELS_JSON_ERROR, (int) i, "message");

      g_assert_cmpstr (channels_json_error_get_code (error), ==, codes[i]);
    }
}

typedef struct
{
  const char *text;
  const char *value; /* (nullable): why not is in verdict */
  int verdict;
} MemberCase;

static const MemberCase member_cases[] = {
  { "{\"message\":\"hi\"}", "\"hi\"", GOOD },
  { "{\"message\": \"hi\"}", "\"hi\"", GOOD },
  { " { \"message\" \n : \t 1 \n } ", "1", GOOD },
  { "{\"message\" : { \"message\" : [ 1 , 2 ] } , \"x\" : 1}", "{ \"message\" : [ 1 , 2 ] }",
    GOOD },
  { "{\"message\":[]}", "[]", GOOD },
  { "{\"message\":[[1],{\"a\":[]}]  ,\"b\":2}", "[[1],{\"a\":[]}]", GOOD },
  { "{\"message\":null}", "null", GOOD },
  { "{\"message\":-0}", "-0", GOOD },
  { "{\"message\":1e2}", "1e2", GOOD },
  { "{\"message\":0.1000}", "0.1000", GOOD },
  { "{\"message\":\"\\u0041\\/\"}", "\"\\u0041\\/\"", GOOD },
  { "{\"a\":{\"message\":1},\"message\":2,\"b\":3}", "2", GOOD },
  { "{\"message\":1,\"message\":2}", "2", GOOD },
  { "{\"message\":[1],\"x\":0,\"message\":{},\"y\":[]}", "{}", GOOD },
  { "{\"\\u006dessage\":1}", "1", GOOD },
  { "{\"message\":1,\"m\\u0065ss\\u0061ge\":2}", "2", GOOD },
  { "{\"messag\":1}", NULL, CHANNELS_JSON_ERROR_NO_MEMBER },
  { "{\"messages\":1}", NULL, CHANNELS_JSON_ERROR_NO_MEMBER },
  { "{\"\\u006dessages\":1}", NULL, CHANNELS_JSON_ERROR_NO_MEMBER },
  { "{\"Message\":1}", NULL, CHANNELS_JSON_ERROR_NO_MEMBER },
  { "{\"\":1}", NULL, CHANNELS_JSON_ERROR_NO_MEMBER },
  { "{\"a\":\"message\"}", NULL, CHANNELS_JSON_ERROR_NO_MEMBER },
  { "{\"a\":{\"message\":1}}", NULL, CHANNELS_JSON_ERROR_NO_MEMBER },
  { "{\"a\":[{\"message\":1}]}", NULL, CHANNELS_JSON_ERROR_NO_MEMBER },
  { "{}", NULL, CHANNELS_JSON_ERROR_NO_MEMBER },
  { "[]", NULL, CHANNELS_JSON_ERROR_NOT_AN_OBJECT },
  { "[{\"message\":1}]", NULL, CHANNELS_JSON_ERROR_NOT_AN_OBJECT },
  { "\"message\"", NULL, CHANNELS_JSON_ERROR_NOT_AN_OBJECT },
  { "1", NULL, CHANNELS_JSON_ERROR_NOT_AN_OBJECT },
  { "null", NULL, CHANNELS_JSON_ERROR_NOT_AN_OBJECT },
  { "{\"message\":1", NULL, CHANNELS_JSON_ERROR_SYNTAX },
  { "{\"message\":1}x", NULL, CHANNELS_JSON_ERROR_SYNTAX },
  { "{\"message\":1,\"a\":}", NULL, CHANNELS_JSON_ERROR_SYNTAX },
  { "{\"message\":1,\"a\":1e999}", NULL, CHANNELS_JSON_ERROR_NUMBER },
  { "{\"message\":\"\\u0000\"}", NULL, CHANNELS_JSON_ERROR_STRING },
  { "[1", NULL, CHANNELS_JSON_ERROR_SYNTAX },
};

static void
test_json_finds_members (void)
{
  g_test_summary ("The last member of a name is found, byte for byte, in a text that is all good");

  for (guint i = 0; i < G_N_ELEMENTS (member_cases); i++)
    {
      gsize length = strlen (member_cases[i].text);
      g_autofree char *copy = exact_copy (member_cases[i].text, length);
      g_autoptr (GError) error = NULL;
      const char *value = NULL;
      gsize value_length = 0;

      g_test_message ("%s", member_cases[i].text);
      channels_json_find_member (copy, length, DEPTH, "message", &value, &value_length, &error);
      if (member_cases[i].verdict != GOOD)
        {
          g_assert_error (error, CHANNELS_JSON_ERROR, member_cases[i].verdict);
          g_assert_null (value);
          continue;
        }

      g_assert_no_error (error);
      g_assert_cmpmem (value, value_length, member_cases[i].value, strlen (member_cases[i].value));
    }
}

static void
test_json_finds_escaped_members (void)
{
  static const char text[] = "{\"\\ud83d\\ude00 \\\"\\u804a\\n\": 7}";
  const char *value;
  gsize length;

  g_test_summary ("A member's name is what it says, whichever characters are escaped");

  g_assert_true (
      channels_json_find_member (text, strlen (text), 1, "😀 \"聊\n", &value, &length, NULL));

  g_assert_cmpmem (value, length, "7", 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/json/validates", test_json_validates);
  g_test_add_func ("/json/good-stays-good-inside", test_json_good_stays_good_inside);
  g_test_add_func ("/json/every-prefix-is-refused", test_json_every_prefix_is_refused);
  g_test_add_func ("/json/depth-is-bounded", test_json_depth_is_bounded);
  g_test_add_func ("/json/depth-is-bounded-at-all", test_json_depth_is_bounded_at_all);
  g_test_add_func ("/json/survives-a-tower", test_json_survives_a_tower);
  g_test_add_func ("/json/values-are-bounded", test_json_values_are_bounded);
  g_test_add_func ("/json/literals-are-bounded", test_json_literals_are_bounded);
  g_test_add_func ("/json/strings-at-every-offset", test_json_strings_at_every_offset);
  g_test_add_func ("/json/errors-say-where", test_json_errors_say_where);
  g_test_add_func ("/json/errors-have-codes", test_json_errors_have_codes);
  g_test_add_func ("/json/finds-members", test_json_finds_members);
  g_test_add_func ("/json/finds-escaped-members", test_json_finds_escaped_members);

  return g_test_run ();
}
