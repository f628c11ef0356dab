/* SPDX-FileCopyrightText: 2026 The Channels developers
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include "fuzz.h"

#include "channels-request-head.h"

#include <string.h>

/* Whatever arrives: a head that is taken reads the same when it is written anew, and one that is
 * refused has an answer. */

#define MAX_BODY 65536

static void
check_refusal (const GError *error)
{
  g_autoptr (GBytes) answer = channels_http_error_to_answer (error, FALSE);

  g_assert_true (error->domain == CHANNELS_HTTP_ERROR);
  g_assert_cmpint (error->code, >=, 400);
  g_assert_cmpint (
      channels_request_head_find_end (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer)),
      >, 0);
}

static void
check_head (const ChannelsRequestHead *head)
{
  g_autofree char *text = channels_request_head_to_string (head);
  g_autofree char *text_again = NULL;
  g_autoptr (ChannelsRequestHead) again = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (channels_request_head_find_end (text, strlen (text)), ==, strlen (text));
  g_assert_cmpuint (head->content_length, <=, MAX_BODY);
  g_assert_cmpuint (strlen (head->path), <=, CHANNELS_REQUEST_TARGET_MAX);

  again = channels_request_head_parse (text, strlen (text), 0, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again->method, ==, head->method);
  g_assert_cmpstr (again->path, ==, head->path);
  g_assert_cmpstr (again->host, ==, head->host);
  g_assert_cmpstr (again->key, ==, head->key);

  text_again = channels_request_head_to_string (again);
  g_assert_cmpstr (text_again, ==, text);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  gssize end = channels_request_head_find_end ((const char *) data, size);
  g_autoptr (ChannelsRequestHead) head = NULL;
  g_autoptr (GError) error = NULL;

  head = channels_request_head_parse ((const char *) data, end >= 0 ? (gsize) end : size, MAX_BODY,
                                      &error);
  g_assert_true ((head == NULL) == (error != NULL));

  if (head != NULL)
    check_head (head);
  else
    check_refusal (error);

  return 0;
}
