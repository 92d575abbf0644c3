"""Functions that raise or crash: other images are processed once, the bad one is kept for the operator."""

from __future__ import annotations

import pytest

from tests.local.faults.conftest import SHORT, Faults

pytestmark = [pytest.mark.local, pytest.mark.thorough]


@pytest.mark.parametrize("how", ["raises", "kills"])
def test_a_poison_message_does_not_affect_four_good_ones(how: str, faults: Faults) -> None:
    good = [f"{how}/{number}.jpg" for number in range(4)]
    poison = f"{how}/poison.jpg"
    faults.put_unseen([*good[:2], poison, *good[2:]])
    faults.turn_on("poison")
    found = {result["ImageId"]: result for result in faults.json("reprocess", "--prefix", f"{how}/", code=1)}
    assert {key: result["Result"] for key, result in found.items()} == {
        **dict.fromkeys(good, "processed"),
        poison: "failed",
    }
    assert [faults.results(key).count("processed") for key in good] == [1, 1, 1, 1]
    assert faults.looks(poison) == int(SHORT["BackfillTries"])
    status = faults.json("status", code=1)
    assert status["dead_letters"]["waiting"] == 1
    assert {need["command"] for need in status["needs"]} >= {"zenoimg reprocess --failed"}

    faults.turn_off("poison")
    (redone,) = faults.json("reprocess", "--failed")
    assert (redone["ImageId"], redone["Result"]) == (poison, "processed")
    faults.all_is_well(f"{how}/", 5)


def test_after_a_crash_between_copy_and_record_the_retry_completes_the_work(faults: Faults) -> None:
    faults.put("dies/live.jpg")
    faults.until(lambda: "dies/live.jpg" in faults.records(), "a record by the live lane's retry")
    assert faults.looks("dies/live.jpg") == 2
    faults.put_unseen(["dies/backfill.jpg"])
    (result,) = faults.json("reprocess", "--missing", "--prefix", "dies/")
    assert (result["ImageId"], result["Result"]) == ("dies/backfill.jpg", "processed")
    assert faults.looks("dies/backfill.jpg") == 2
    faults.all_is_well("dies/", 2)
