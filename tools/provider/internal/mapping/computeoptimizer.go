package mapping

// computeoptimizerResources are the tokens aws:computeoptimizer/….
var computeoptimizerResources = table{
	"aws_computeoptimizer_enrollment_status":          token("computeoptimizer", "EnrollmentStatus"),
	"aws_computeoptimizer_recommendation_preferences": token("computeoptimizer", "RecommendationPreferences"),
}
