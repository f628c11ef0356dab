/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "channels-refusals.h"

#include <string.h>

#define NOW ((gint64) 1000)

/* What the journal is to say of a refusal with a status, an Origin and a Host. */
typedef struct
{
  const char *path;
  int status;
  const char *origin; /* (nullable) */
  const char *host;   /* (nullable): there is no head where there is none */
  const char *line;
} Case;

static const Case cases[] = {
  { "other-user", 403, NULL, NULL,
    "refused a connection with 403: why (“AllowOtherUsers=true” in [Server] would let it in)" },
  { "stranger", 403, "https://app.example", "127.0.0.1:8484",
    "refused a connection with 403: why (“AllowedOrigins=https://app.example” in [Server], "
    "or a ticket for it would let it in)" },
  { "stranger/page", 403, "https://app.example", "127.0.0.1:8484",
    "refused a connection with 403: why (“AllowedOrigins=https://app.example” in [Server] "
    "would let it in)" },
  { "stranger/null", 403, "null", "127.0.0.1:8484", "refused a connection with 403: why" },
  { "origin/none", 403, NULL, "127.0.0.1:8484", "refused a connection with 403: why" },
  { "elsewhere", 403, "https://app.example", "192.0.2.1:8484",
    "refused a connection with 403: why (a ticket for its origin would let it in)" },
  { "elsewhere-stranger/page", 403, "https://app.example", "192.0.2.1:8484",
    "refused a connection with 403: why (“AllowedOrigins=https://app.example” in [Server] "
    "would let it in)" },
  { "crowded", 503, "https://app.example", "127.0.0.1:8484", "refused a connection with 503: why" },
  { "host", 421, NULL, "chat.example:8484",
    "refused a connection with 421: why (“AllowedHosts=chat.example:8484” in [Server] "
    "would let it in)" },
  { "time", 408, NULL, NULL,
    "refused a connection with 408: why (a longer “RequestTime=” in [Limits] would let it "
    "in)" },
  { "connections", 503, NULL, "127.0.0.1:8484",
    "refused a connection with 503: why (a larger “Connections=” in [Limits] would let it "
    "in)" },
  { "unasked", 503, NULL, NULL, "refused a connection with 503: why" },
  { "malformed", 400, NULL, NULL, "refused a connection with 400: why" },
};

static void
test_refusals_say_what_would_let_in (gconstpointer data)
{
  const Case *one = data;
  const ChannelsRequestHead head = { .host = (char *) one->host,
                                     .origin = (char *) one->origin,
                                     .key = g_str_has_suffix (one->path, "/page")
                                                ? NULL
                                                : (char *) "key" };
  const ChannelsVisitor visitor = {
    .elsewhere = g_str_has_prefix (one->path, "elsewhere"),
    .stranger = strstr (one->path, "stranger") != NULL,
    .crowded = g_str_has_prefix (one->path, "crowded"),
    .head = one->host != NULL ? &head : NULL,
  };
  g_autoptr (GError) error = g_error_new_literal (CHANNELS_HTTP_ERROR, one->status, "why");
  ChannelsRefusals refusals;

  g_test_summary ("The journal has the line of the configuration that would have let it in");

  channels_refusals_init (&refusals, NOW);
  g_test_expect_message ("channels-server", G_LOG_LEVEL_MESSAGE, one->line);
  channels_refusals_log (&refusals, &visitor, error, NOW);
  g_test_assert_expected_messages ();
}

static void
test_refusals_do_not_flood_the_journal (void)
{
  static const ChannelsVisitor nobody;
  g_autoptr (GError) error = g_error_new_literal (CHANNELS_HTTP_ERROR, 400, "why");
  ChannelsRefusals refusals;

  g_test_summary ("Ten at once are written, then one a second, which counts those left out");

  channels_refusals_init (&refusals, NOW);
  for (guint i = 0; i < CHANNELS_REFUSALS_BURST; i++)
    {
      g_test_expect_message ("channels-server", G_LOG_LEVEL_MESSAGE,
                             "refused a connection with 400: why");
      channels_refusals_log (&refusals, &nobody, error, NOW);
      g_test_assert_expected_messages ();
    }

  channels_refusals_log (&refusals, &nobody, error, NOW);
  channels_refusals_log (&refusals, &nobody, error, NOW + G_USEC_PER_SEC - 1);
  g_assert_cmpuint (refusals.left_out, ==, 2);

  g_test_expect_message ("channels-server", G_LOG_LEVEL_MESSAGE,
                         "refused a connection with 400: why; 2 more before it");
  channels_refusals_log (&refusals, &nobody, error, NOW + G_USEC_PER_SEC);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (refusals.left_out, ==, 0);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/refusals/advice/%s", cases[i].path);

      g_test_add_data_func (path, &cases[i], test_refusals_say_what_would_let_in);
    }
  g_test_add_func ("/refusals/rate", test_refusals_do_not_flood_the_journal);

  return g_test_run ();
}
