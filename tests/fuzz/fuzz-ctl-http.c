/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include "channels-ctl-error.h"
#include "channels-ctl-http.h"

/* Whoever has our port may answer anything: it is an answer that can be shown, or there is a
 * reason. */
int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup (size > 0 ? (const char *) data : "", size);
  g_auto (ChannelsCtlHttp) answer = { 0 };
  g_autoptr (GError) error = NULL;

  if (channels_ctl_http_parse (text, &answer, &error))
    {
      g_assert_no_error (error);
      g_assert_cmpuint (answer.status, >=, 100);
      g_assert_cmpuint (answer.status, <=, 999);
      g_assert_true (g_utf8_validate (answer.body, -1, NULL));
      g_assert_true (answer.policy == NULL || g_utf8_validate (answer.policy, -1, NULL));
    }
  else
    {
      g_assert_error (error, CHANNELS_CTL_ERROR, CHANNELS_CTL_ERROR_FAILED);
      g_assert_null (answer.policy);
      g_assert_null (answer.body);
    }

  return 0;
}
