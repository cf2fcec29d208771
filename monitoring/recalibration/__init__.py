"""Makes a version with the same trees and a new map, from outcomes."""

from monitoring.recalibration.job import RecalibrationJob, find_recalibration
from monitoring.recalibration.recalibrating import recalibrate_champion
from monitoring.recalibration.rows import RowSource

__all__ = ["RecalibrationJob", "RowSource", "find_recalibration", "recalibrate_champion"]
