// The numbers by which a target's patches are chosen, in one place, each with what chose it. Constants: the
// rules that use them are in spacings.h, look.h, ladder.h, blend_looks.h and mosaic.h.
//
// What was measured was measured on made-up lesions, with the demo's model, by Dice after one click
// (docs/decisions.md), which look counts with one half through its training; none of it says anything of
// patients. "Not measured": a reason, but no comparison.
#ifndef SGPSAM_CORE_LOOKS_LOOK_POLICY_H_
#define SGPSAM_CORE_LOOKS_LOOK_POLICY_H_

namespace sgpsam {

struct LookPolicy {
  // --- Wider looks, after a first patch of fine voxels (WiderSpacings).

  // From one look to the next wider one, at most: what fills a patch covers this share of the next, in which
  // there is room to see all of it. From 0.6 mm it makes one look between that and 1.5 mm. That wider looks
  // are worth their encodes is measured: lesions of 10 mm and more 0.83, with 0.6 mm alone 0.71 (80 cases);
  // the ratio itself is not.
  double wider_by = 1.6;
  // Beyond kUsualSpacingMm wider looks are taken only where what was found is cut off, or its largest extent
  // is above this share of its patch. Not measured.
  double roomy_share = 0.6;

  // --- Which look counts (Worth, BetterLook).

  // Of a look's expected Dice, by the share of the points that it misses: the mask will be made to obey, but
  // a look that misses the only click has not answered it. With this, and with 0.1 for each point: 0.861 and
  // 0.863 after five clicks (39 made-up lesions). Points before all else gave 0.847,
  // since a mask may obey by marking nearly everything.
  double missed_charge = 0.5;
  // And for being cut off: such a look misses something of its lesion, and its model cannot know how much.
  // The second goes with the logarithm of how often its patch goes into the third, beyond which few lesions
  // reach. 0 instead of 0.04, and 0.15 instead of 0.1, changed nothing that is more than chance.
  double cut_off_charge = 0.04;
  double narrower_charge = 0.1;
  double cut_off_mm = 144;

  // Of a refinement, what a positive click beside the mask can mean (MostCellsAfter): it lies in the middle
  // of what is missing, or nearer to its border. Without the bound, a wider look may win that shows half of
  // the patient: a metastasis of 30 mm in MR had 0.67 with one click and 0.04 with three, and has 0.71; ten
  // sarcomas of validation have the same with and without it, and with 2 and 2.
  double most_growth = 4;
  double click_reach = 2.5;

  // Another look's weight when logits are averaged (BlendLooks), where the look itself has 1; and less the
  // less it is worth: by a factor of e for so much expected Dice. With a falloff of 0.05, or 0.1, or none, or
  // without the others at all: made-up lesions below 5 mm 0.66, 0.63, 0.55, 0.67, those of 10 mm and more
  // 0.850, 0.853, 0.855, 0.847, six sarcomas in MR and PET 0.59, 0.59, 0.59, 0.58, after one click.
  double other_look = 0.5;
  double other_look_falloff = 0.05;

  // --- Doubt.

  // Below this confidence a mask comes with a warning that asks for a click:
  // it is more likely wrong than right.
  double unsure_below = 0.5;

  // --- A closer look, at a mask that is small for its patch (FinerSpacing).

  // Small: its largest extent is below this share of the patch, so that a cell of the decoder's grid is large
  // compared with it. Not measured.
  double small_share = 1.0 / 4;
  // The closer look makes it this share: a third of the patch, with as much around it on either side, is the
  // size at which the patch of the first look shows large lesions. Not measured.
  double finer_share = 1.0 / 3;
  // No closer than this, than the model has learned from, or than half the volume's own finest spacing: its
  // voxels show no more then, but the cells of a decoder's grid, each of several voxels, draw a finer
  // outline. The half is measured: in scans of 0.7 to 0.9 mm lesions below 5 mm gained from 0.40 to 0.51 (40
  // cases). This bound is not.
  double finest_spacing_mm = 0.5;

  // A look must be at least this much finer than another to be worth an encode. Not measured.
  double worthwhile = 0.75;

  // --- Following a lesion over a patch's border (mosaic.h).

  // A further patch whose mask agrees less with what was found before, by Dice where both have seen, is left
  // out: it has missed the lesion, or follows something else, and averaged in it would spoil a good answer.
  // On ten lesions of 58 mm, patches that followed the lesion had 0.8 and more, those that lost it
  // mostly 0.4 to 0.6.
  double least_agreement = 0.75;
  // No further along an axis than so many halves of a patch, to open faces or to clicks: 115 mm at 0.6 mm,
  // 576 at 3. It bounds the grid that tiles are put together on to 9 patches on a side. Not measured.
  int farthest_tile = 8;

  // --- How many patches a target may take, in all its looks.

  // Where the caller does not say. Eight are up to five looks and three steps along a lesion, and cost some
  // 50 ms besides their encodes (docs/decisions.md). Not measured against other numbers.
  int default_patches = 8;
  // The most that a caller may allow: as many as SAM-Med3D's own sliding window had, 3 along each axis.
  int most_patches = 27;
};

inline constexpr LookPolicy kLookPolicy{};

}  // namespace sgpsam

#endif  // SGPSAM_CORE_LOOKS_LOOK_POLICY_H_
