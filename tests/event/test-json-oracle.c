/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-json.h"

#include <json-glib/json-glib.h>

/* Documents compared; the generator's seed is GTest's, which it prints. */
#define DOCUMENTS 2000
#define DEPTH_MAX 5

static void append_value (GString *out, guint depth);

static void
append_string (GString *out)
{
  static const char *const pieces[] = { "a",   "Z9",   " ",    "é",   "訊息",    "😀",
                                        "\\n", "\\\"", "\\\\", "\\/", "\\u00e9", "\\ud83d\\ude00" };
  guint length = g_test_rand_int_range (0, 6);

  g_string_append_c (out, '"');
  for (guint i = 0; i < length; i++)
    g_string_append (out, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
  g_string_append_c (out, '"');
}

static void
append_container (GString *out, guint depth)
{
  gboolean object = g_test_rand_bit ();
  guint length = g_test_rand_int_range (0, 4);

  g_string_append_c (out, object ? '{' : '[');
  for (guint i = 0; i < length; i++)
    {
      g_string_append (out, i > 0 ? " ,\n" : "");
      if (object)
        g_string_append_printf (out, "\"m%u\" :\t", i);
      append_value (out, depth + 1);
    }
  g_string_append_c (out, object ? '}' : ']');
}

static void
append_value (GString *out, guint depth)
{
  static const char *const words[] = { "true", "false", "null" };

  switch (g_test_rand_int_range (0, depth < DEPTH_MAX ? 6 : 4))
    {
    case 0:
      g_string_append (out, words[g_test_rand_int_range (0, G_N_ELEMENTS (words))]);
      break;
    case 1:
      g_string_append_printf (out, "%d", g_test_rand_int ());
      break;
    case 2:
      g_string_append_printf (out, "%d.%de%d", g_test_rand_int_range (-99, 99),
                              g_test_rand_int_range (0, 999), g_test_rand_int_range (-9, 9));
      break;
    case 3:
      append_string (out);
      break;
    default:
      append_container (out, depth);
      break;
    }
}

static void assert_same (GVariant *ours, JsonNode *theirs);

static void
assert_same_array (GVariant *ours, JsonArray *theirs)
{
  g_assert_cmpstr (g_variant_get_type_string (ours), ==, "av");
  g_assert_cmpuint (g_variant_n_children (ours), ==, json_array_get_length (theirs));

  for (guint i = 0; i < json_array_get_length (theirs); i++)
    {
      g_autoptr (GVariant) boxed = g_variant_get_child_value (ours, i);
      g_autoptr (GVariant) child = g_variant_get_variant (boxed);

      assert_same (child, json_array_get_element (theirs, i));
    }
}

static void
assert_same_object (GVariant *ours, JsonObject *theirs)
{
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  g_assert_cmpstr (g_variant_get_type_string (ours), ==, "a{sv}");
  g_assert_cmpuint (g_variant_n_children (ours), ==, json_object_get_size (theirs));

  json_object_iter_init (&iter, theirs);
  while (json_object_iter_next (&iter, &name, &node))
    {
      g_autoptr (GVariant) child = g_variant_lookup_value (ours, name, NULL);

      g_assert_nonnull (child);
      assert_same (child, node);
    }
}

static void
assert_same_double (double ours, double theirs)
{
  /* To the last bit. */
  g_assert_cmpmem (&ours, sizeof ours, &theirs, sizeof theirs);
}

static void
assert_same_scalar (GVariant *ours, JsonNode *theirs)
{
  switch (json_node_get_value_type (theirs))
    {
    case G_TYPE_BOOLEAN:
      g_assert_cmpint (g_variant_get_boolean (ours), ==, json_node_get_boolean (theirs));
      break;
    case G_TYPE_INT64:
      g_assert_cmpint (g_variant_get_int64 (ours), ==, json_node_get_int (theirs));
      break;
    case G_TYPE_DOUBLE:
      assert_same_double (g_variant_get_double (ours), json_node_get_double (theirs));
      break;
    case G_TYPE_STRING:
      g_assert_cmpstr (g_variant_get_string (ours, NULL), ==, json_node_get_string (theirs));
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
assert_same (GVariant *ours, JsonNode *theirs)
{
  switch (json_node_get_node_type (theirs))
    {
    case JSON_NODE_OBJECT:
      assert_same_object (ours, json_node_get_object (theirs));
      break;
    case JSON_NODE_ARRAY:
      assert_same_array (ours, json_node_get_array (theirs));
      break;
    case JSON_NODE_NULL:
      g_assert_cmpstr (g_variant_get_type_string (ours), ==, "g");
      break;
    case JSON_NODE_VALUE:
    default:
      assert_same_scalar (ours, theirs);
      break;
    }
}

static void
test_oracle_reads_what_it_reads (void)
{
  g_test_summary ("What json-glib can read without changing it, we read as it does");

  for (guint i = 0; i < DOCUMENTS; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) ours = NULL;
      g_autoptr (JsonNode) theirs = NULL;

      append_container (text, 0);
      ours = channels_json_to_variant (text->str, text->len, DEPTH_MAX + 1, &error);
      g_assert_no_error (error);
      theirs = json_from_string (text->str, &error);
      g_assert_no_error (error);

      assert_same (ours, theirs);
    }
}

static void
test_oracle_reads_what_we_print (void)
{
  g_test_summary ("What we print, json-glib reads as the same");

  for (guint i = 0; i < DOCUMENTS; i++)
    {
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (GString) printed = g_string_new (NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) ours = NULL;
      g_autoptr (JsonNode) theirs = NULL;

      append_container (text, 0);
      ours = g_variant_ref_sink (
          channels_json_to_variant (text->str, text->len, DEPTH_MAX + 1, &error));
      g_assert_no_error (error);
      g_assert_true (channels_json_append_variant (printed, ours, &error));
      g_assert_no_error (error);
      theirs = json_from_string (printed->str, &error);
      g_assert_no_error (error);

      assert_same (ours, theirs);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/json-oracle/reads-what-it-reads", test_oracle_reads_what_it_reads);
  g_test_add_func ("/json-oracle/reads-what-we-print", test_oracle_reads_what_we_print);

  return g_test_run ();
}
