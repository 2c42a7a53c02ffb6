"""Makes this folder's volumes and what the reference's pre- and post-processing does with them.

    build/deps/venv/bin/python tests/golden/preprocess/make_golden.py            # writes the files
    build/deps/venv/bin/python tests/golden/preprocess/make_golden.py --check DIR
                                          # compares with golden files made by the reference itself

Shares no code with core/transform: SimpleITK resamples, nibabel reorients, numpy crops and normalises,
in the order of SAM-Med3D's utils/infer_utils.py. Needs SimpleITK, nibabel, numpy, safetensors.
"""
import pathlib
import sys

import nibabel
import numpy as np
import SimpleITK as sitk
from safetensors.numpy import load_file, save_file

HERE = pathlib.Path(__file__).parent
PATCH = 128
SPACING = 1.5
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0])


def resample(image, interpolator):
    old = np.array(image.GetSpacing())
    size = np.ceil(np.array(image.GetSize()) * old / SPACING).astype(int)
    size[np.array(image.GetSize()) == 1] = 1
    grid = sitk.ResampleImageFilter()
    grid.SetInterpolator(interpolator)
    grid.SetSize(size.tolist())
    grid.SetOutputSpacing([SPACING] * 3)
    grid.SetOutputDirection(image.GetDirection())
    grid.SetOutputOrigin(image.TransformContinuousIndexToPhysicalPoint((0.5 * (SPACING / old - 1)).tolist()))
    return grid.Execute(image)


def affine_ras(image):
    affine = np.eye(4)
    affine[:3, :3] = LPS_TO_RAS @ np.array(image.GetDirection()).reshape(3, 3) @ np.diag(image.GetSpacing())
    affine[:3, 3] = LPS_TO_RAS @ image.GetOrigin()
    return affine


def canonical(image):
    """Array [R, A, S] and affine in the closest RAS+ orientation."""
    array = sitk.GetArrayFromImage(image).T
    if array.dtype.itemsize == 8:
        array = array.astype(np.float64)
    result = nibabel.as_closest_canonical(nibabel.Nifti1Image(array, affine_ras(image)))
    return np.asanyarray(result.dataobj), result.affine


def crop(array, begin):
    out = np.zeros([PATCH] * 3, array.dtype)
    low = np.maximum(begin, 0)
    high = np.minimum(begin + PATCH, array.shape)
    source = tuple(slice(a, b) for a, b in zip(low, high))
    out[tuple(slice(a, b) for a, b in zip(low - begin, high - begin))] = array[source]
    return out


def ellipsoid():
    i, j, k = np.meshgrid(*[np.arange(PATCH)] * 3, indexing="ij")
    return ((i - 64) / 22) ** 2 + ((j - 61) / 14) ** 2 + ((k - 66) / 30) ** 2 <= 1


def back_to_volume(mask, affine, image):
    label = sitk.GetImageFromArray(mask.T.astype(np.uint8))
    lps = LPS_TO_RAS @ affine[:3, :3]
    label.SetSpacing([SPACING] * 3)
    label.SetDirection((lps / SPACING).flatten().tolist())
    label.SetOrigin((LPS_TO_RAS @ affine[:3, 3]).tolist())
    return sitk.GetArrayFromImage(sitk.Resample(label, image, sitk.Transform(), sitk.sitkNearestNeighbor, 0))


def process(image, label, step):
    volume, affine = canonical(resample(image, sitk.sitkLinear))
    marked, _ = canonical(resample(label, sitk.sitkNearestNeighbor))
    where = np.argwhere(marked > 0)
    centre = (where.min(0) + where.max(0) + 1) / 2
    begin = np.floor(centre).astype(int) - PATCH // 2
    roi = crop(volume, begin).astype(np.float32)
    positive = roi[roi > 0].astype(np.float64)
    roi = ((roi - positive.mean()) / positive.std(ddof=1)).astype(np.float32)
    roi_affine = affine.copy()
    roi_affine[:3, 3] += affine[:3, :3] @ begin
    back = back_to_volume(ellipsoid(), roi_affine, image)
    return {
        "canonical_shape": np.array(volume.shape, np.int64),
        "canonical_affine_ras": affine.copy(),
        "roi_begin_ijk": begin.astype(np.int64),
        "roi_affine_ras": roi_affine,
        "roi_label_voxels": np.array([crop(marked, begin).sum()], np.int64),
        "roi_mean_std_min_max": np.array([roi.mean(dtype=np.float64), roi.std(dtype=np.float64, ddof=1),
                                          roi.min(), roi.max()]),
        f"roi_every_{step}": np.ascontiguousarray(roi[::STEPS[step], ::STEPS[step], ::STEPS[step]]),
        "ellipsoid_back_zyx_bits": np.packbits(back.reshape(-1) > 0, bitorder="little"),
    }


STEPS = {"third": 3, "fifth": 5}


def rotation(x, y, z):
    """Row-major direction of a scanner turned by these degrees about the axes."""
    x, y, z = np.radians([x, y, z])
    rx = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    ry = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    rz = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return rz @ ry @ rx


# name: sample type, size, spacing, direction (LPS), label centre in voxels
VOLUMES = {
    # axes permuted (i head to foot, j right to left, k front to back), turned by a few degrees
    "oblique_coronal": (np.int16, (52, 44, 40), (1.1, 1.7, 2.3),
                        rotation(4, -7, 3) @ np.array([[0, 1, 0], [0, 0, 1], [-1, 0, 0]]), (30, 18, 22)),
    # not truncated, every axis reversed, coarse, the label near a corner
    "float_reversed": (np.float32, (36, 40, 30), (3.1, 2.9, 4.3), np.diag([-1, -1, -1]), (6, 33, 4)),
    # finer than the patch's grid, unsigned bytes, larger than the patch along i
    "fine_bytes": (np.uint8, (208, 30, 24), (1.0, 0.7, 1.3), rotation(0, 0, 20), (60, 14, 10)),
}


def make_volume(name):
    dtype, size, spacing, direction, middle = VOLUMES[name]
    random = np.random.default_rng(len(name))
    axes = [np.linspace(0, 1, n) for n in size]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    smooth = 90 * np.sin(5 * x) + 70 * np.cos(7 * y) + 60 * np.sin(6 * z) + 30 * random.standard_normal(size)
    low, high = (0, 255) if dtype == np.uint8 else (-1024, 3071)
    array = np.clip(smooth + (120 if dtype == np.uint8 else 40), low, high)
    if dtype != np.float32:
        array = np.rint(array)
    else:
        array = np.round(array * 8) / 8   # compresses, and is exact
    i, j, k = np.meshgrid(*[np.arange(n) for n in size], indexing="ij")
    reach = np.array([9.0, 7.0, 11.0]) / spacing
    label = sum(((a - b) / c) ** 2 for a, b, c in zip((i, j, k), middle, reach)) <= 1
    images = []
    for values in (array.astype(dtype), label.astype(np.uint8)):
        image = sitk.GetImageFromArray(values.T)
        image.SetSpacing(spacing)
        image.SetDirection(direction.flatten().tolist())
        image.SetOrigin((37.5, -12.25, -101.125))
        images.append(image)
    return images


def write():
    for name in VOLUMES:
        for suffix, image in zip(("", "_label"), make_volume(name)):
            sitk.WriteImage(image, str(HERE / f"{name}{suffix}.nii.gz"), True)
        save_file(process(*read(HERE, name), "fifth"), HERE / f"{name}.safetensors")


def read(folder, name):
    return [sitk.ReadImage(str(folder / f"{name}{suffix}.nii.gz")) for suffix in ("", "_label")]


def check(folder):
    for path in sorted(folder.glob("*.safetensors")):
        expected = load_file(path)
        step = next(name for name in STEPS if f"roi_every_{name}" in expected)
        for key, value in process(*read(folder, path.stem), step).items():
            difference = np.abs(value.astype(np.float64) - expected[key].astype(np.float64))
            print(path.stem, key, "largest difference", difference.max(), "voxels off", (difference > 1e-3).sum())


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        check(pathlib.Path(sys.argv[2]))
    else:
        write()
