"""Closed forms of the two posts, with numpy and scipy alone: sequences of learning rates in, predictions out.

Post 000: Su, «Weight Decay and Learning Rate from a Moving Average Perspective» (kexue.fm 11459, translated by Rosić).
Post 003: Su, «Making Alchemy More Scientific, Part 5: Learning Rates from Gradients» (kexue.fm 11530).
Steps count from 0 here and from 1 in the posts. Where a post approximates, there is also the exact expression of
AdamW's recursion; the names tell them apart. Schedules that trainings use (``lrwd/schedules``) take their formulas from
``shapes``, ``equal_weight`` and ``norm_shares``, which therefore load scipy only inside the functions that need it.
"""
