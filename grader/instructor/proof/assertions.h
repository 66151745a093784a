/*
 * assertions.h: do the hidden tests still ask for all that they asked for?
 *
 * No mutant needs each assertion: the same mistake is often seen in several. So how many each test
 * makes of the solution is written down, in tests/hidden/assertions.ini.
 */
#pragma once

#include "instructor/proof/proof.h"

/* Compare the file with a grading of the solution, which passes all tests. One check. */
void proof_check_assertions(Proof *proof, const Result *solution);
