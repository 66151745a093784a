/*
 * score.h: from tests and findings to points, as the rubric says. Pure: no files, no processes.
 */
#pragma once

#include "result/result.h"
#include "rubric/rubric.h"

/*
 * Add the rubric's items, without tests and with 0 points, to a result that has none: a submission
 * that was refused still shows what could have been earned.
 */
void score_add_items(const Rubric *rubric, Result *result);

/* Do the tests of this item earn points, before any are lost again by its memory? */
gboolean score_earns(const Rubric *rubric, const ItemResult *item);

/*
 * Mark as skipped the failed tests of an item that needs functions which are not implemented yet,
 * then fill in points, penalties and totals. A test that is TEST_BROKEN makes the result UNGRADED.
 * Likely causes are forgotten where memory was read that nobody wrote, or written that nobody owns.
 */
void score_result(const Rubric *rubric, Result *result);
